/** Fetches the status again and again and shows it. The only thing kept in the browser is the chosen language. */
import { render } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { VNode } from 'preact';
import type { Status } from '../wire/status.ts';
import { Page } from './page.tsx';
import { createWords, type Language, LANGUAGES } from './words.ts';
import './style.css';

/** Milliseconds between two questions. */
const AGAIN = 15_000;
const CHOICE = 'language';

function isLanguage(value: string | null): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** The one that was chosen before, or else the server's pick by Accept-Language. */
function firstLanguage(): Language {
  const chosen = localStorage.getItem(CHOICE);
  if (isLanguage(chosen)) return chosen;
  return document.documentElement.lang === 'ja' ? 'ja' : 'en';
}

function App(): VNode {
  const [language, setLanguage] = useState(firstLanguage);
  const [status, setStatus] = useState<Status>();
  const [unreachable, setUnreachable] = useState(false);
  const words = useMemo(() => createWords(language), [language]);
  const look = useCallback(async () => {
    try {
      const answer = await fetch('status.json', { cache: 'no-store' });
      if (!answer.ok) throw new Error(String(answer.status));
      setStatus((await answer.json()) as Status);
      setUnreachable(false);
    } catch {
      setUnreachable(true);
    }
  }, []);
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), AGAIN);
    return () => { clearInterval(timer); };
  }, [look]);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = words.text('title');
  }, [language, words]);
  const choose = (chosen: Language): void => {
    localStorage.setItem(CHOICE, chosen);
    setLanguage(chosen);
  };
  return <Page status={status} unreachable={unreachable} words={words} choose={choose} />;
}

render(<App />, document.body);
