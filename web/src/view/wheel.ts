/** The wheel and the trackpad: zooming to the pointer, or moving. */

import type { Point } from '../core/graph.ts';
import type { View } from './view.ts';

const LINE = 16; // pixels in a line, where a browser counts in lines
const ZOOM_SPEED = 0.0016;
const PINCH_SPEED = 0.01; // browsers tell pinching on a trackpad as small turns with Ctrl

/** Move the camera by a turn of the wheel, unless it scrolls a text below the pointer that is being edited. */
export function turnWheel(event: WheelEvent, view: View, at: Point): void {
  if (!event.ctrlKey && scrollsText(event)) return;
  event.preventDefault();
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  if (event.ctrlKey || event.metaKey) {
    view.zoomBy(Math.exp(-dy * (Math.abs(dy) < 50 ? PINCH_SPEED : ZOOM_SPEED)), at);
  } else if (event.shiftKey) {
    view.panBy(-(dx || dy), 0);
  } else if (view.options.value.wheel === 'pan' || dx !== 0) {
    view.panBy(-dx, -dy); // only trackpads turn sideways
  } else {
    view.zoomBy(Math.exp(-dy * ZOOM_SPEED), at);
  }
}

function scrollsText(event: WheelEvent): boolean {
  if (!(event.target instanceof Element)) return false;
  const area = event.target.closest('textarea, [data-scroll]');
  if (area === null || area.scrollHeight <= area.clientHeight) return false;
  return area.contains(document.activeElement) || area.matches('[data-scroll]');
}
