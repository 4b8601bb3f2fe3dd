// The built Worker with inboxes that take their time, and a record of who was asked when.

import * as product from './index.js';

const DELAY_MS = 400;
/** In the order in which they were asked. */
const asked = [];
let under_way = 0;
let most_under_way = 0;

export class Inbox extends product.Inbox {
  async ask(message) {
    asked.push('inbox');
    most_under_way = Math.max(most_under_way, ++under_way);
    await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
    under_way -= 1;
    return super.ask(message);
  }
}

export class Recovery extends product.Recovery {
  ask(message) {
    asked.push('recovery');
    return super.ask(message);
  }
}

export default {
  async fetch(request, env, context) {
    await product.default.scheduled({ cron: '*/5 * * * *', scheduledTime: Date.now() }, env, context);
    return Response.json({ asked, most_under_way });
  },
};
