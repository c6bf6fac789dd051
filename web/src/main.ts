/** The start of the page. */

import { mount } from 'svelte';
import App from './app/App.svelte';
import { applyAppearance, makeApp, start } from './app/start.ts';
import './app/theme.css';

const app = makeApp('');
await applyAppearance(app);
mount(App, { target: document.getElementById('app') as HTMLElement, props: { app } });
await start(app);
