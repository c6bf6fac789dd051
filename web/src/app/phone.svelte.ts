/** Whether the window is as narrow as a phone's. */

import { MediaQuery } from 'svelte/reactivity';

export function phone(): { readonly value: boolean } {
  const query = new MediaQuery('max-width: 640px');
  return {
    get value() {
      return query.current;
    },
  };
}
