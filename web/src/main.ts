/** The start of the page. */

import { mount } from 'svelte';
import App from './app/App.svelte';
import { makeApp } from './app/start.ts';
import './app/theme.css';

const app = makeApp('');
mount(App, { target: document.getElementById('app') as HTMLElement, props: { app } });
