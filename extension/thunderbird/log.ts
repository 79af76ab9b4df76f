/** The add-on's only log is Thunderbird's console. Errors carry no content, keys or subjects. */
export function logFault(error: unknown): void {
  // eslint-disable-next-line no-console -- see above
  console.error(error);
}
