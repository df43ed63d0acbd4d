// Plugs that are pulled and put back, in a virtual machine with real USB and real gamepads, judged by an Uno's pins.
import { after, before } from "node:test";
import { Guest } from "./guest.mjs";
import * as pads from "./pads.mjs";
import * as usb from "./usb.mjs";

const set = { guest: null };

before(async () => {
  set.guest = await Guest.boot();
  await set.guest.joywire();
});
after(() => set.guest?.end());

usb.stories(set);
pads.stories(set);
