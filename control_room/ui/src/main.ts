import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import './design/tokens.css';
import './design/base.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { App as AppState, scheduleFrame } from './app.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

const app = new AppState({
  page: window,
  fetch: (...request) => fetch(...request),
  openStream: (address) => new EventSource(address),
  storage: localStorage,
  schedule: scheduleFrame,
  now: () => Date.now(),
  makePeer: (configuration) => new RTCPeerConnection(configuration),
});

mount(App, { target, props: { app } });
