/** The package has no types of its own; its bare name is a module of Node's. */
declare module 'punycode/punycode.js' {
  const punycode: {
    /** A domain name with its A-labels (`xn--…`, RFC 3492) written out. Throws RangeError on malformed ones. */
    toUnicode(domain: string): string;
  };
  export default punycode;
}
