/** Delays a link's answer until what it confirms is stored; rhea itself answers attach and detach at once. */
import type { Receiver, Sender } from "rhea";

/** The methods that rhea calls on a link when it writes, and when the peer has detached. */
interface LinkSteps {
  _process?: () => void;
  close?: () => void;
  remove?: () => void;
}

interface Registering {
  _register(): void;
}

/** Call it in the event of the attach. `wait` runs its argument when the answer may be sent. */
export function holdAttach(link: Sender | Receiver, wait: (onStored: () => void) => void): void {
  const steps = link as unknown as LinkSteps;
  steps._process = () => {};
  wait(() => {
    // Makes the prototype's method visible again.
    delete steps._process;
    (link.connection as unknown as Registering)._register();
  });
}

/** Call it in the event of the detach: rhea closes and removes the link in the following ticks. */
export function holdDetach(link: Sender | Receiver, wait: (onStored: () => void) => void): void {
  const steps = link as unknown as LinkSteps;
  steps.close = () => {};
  steps.remove = () => {};
  wait(() => {
    delete steps.close;
    delete steps.remove;
    link.close();
    process.nextTick(() => link.remove());
  });
}
