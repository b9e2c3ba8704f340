/// Ends a training from the inside where it was asked to stop; never leaves this module.
struct StopRequest: Error {}
