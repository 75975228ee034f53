/** Holds back a link's answer until what it confirms is stored; rhea answers attach and detach by itself at once. */
import type { Receiver, Sender } from "rhea";

/** What rhea calls on a link when it writes, and when the peer has detached. */
interface LinkSteps {
  _process?: () => void;
  close?: () => void;
  remove?: () => void;
}

interface Registering {
  _register(): void;
}

/** Call it from the event of the attach. `wait` runs its argument once the answer may go. */
export function holdAttach(link: Sender | Receiver, wait: (onStored: () => void) => void): void {
  const steps = link as unknown as LinkSteps;
  steps._process = () => {};
  wait(() => {
    // The prototype's is seen again.
    delete steps._process;
    (link.connection as unknown as Registering)._register();
  });
}

/** Call it from the event of the detach: rhea closes and removes the link in the ticks after. */
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
