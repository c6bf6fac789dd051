/** Applies the settings of the look to the page: theme, language, tooltips. */

import type { App } from './context.ts';
import { LANGUAGE, THEME, TOOLTIPS } from './settings/appearance.ts';
import { languageFor, LANGUAGES, type Language } from './texts.ts';

/** Apply them now and at each change. */
export async function applyAppearance(app: App): Promise<void> {
  const { settings } = app;
  const root = document.documentElement;
  const light = matchMedia('(prefers-color-scheme: light)');
  const theme = settings.of(THEME);
  const paint = (): void => {
    root.dataset.theme = theme.value === 'system' ? (light.matches ? 'light' : 'dark') : theme.value;
  };
  theme.watch(paint);
  light.addEventListener('change', paint);
  paint();
  const tooltips = settings.of(TOOLTIPS);
  const tips = (are: boolean): void => void (root.dataset.tooltips = are ? 'on' : 'off');
  tooltips.watch(tips);
  tips(tooltips.value);
  const language = settings.of(LANGUAGE);
  language.watch((wish) => void speak(app, wish));
  await speak(app, language.value);
}

async function speak(app: App, wish: string): Promise<void> {
  const known = LANGUAGES.find((each) => each === wish);
  const language: Language = known ?? languageFor(navigator.languages);
  await app.texts.use(language);
  document.documentElement.lang = language === 'pt' ? 'pt-BR' : language;
}
