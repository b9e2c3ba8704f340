import Torch

extension TrainingSetup {
  /// The same setup for going on with a recorded run: with that run's number of CPU threads, which
  /// decides the last bits of what a CPU computes, unless another one is asked for.
  public func continuing(_ recorded: TrainingConfig) -> TrainingSetup {
    guard !asksForThreads, let threads = recorded.threads else { return self }
    var setup = self
    setup.config.threads = threads
    return setup
  }

  /// What would make going on from a state another training, each in a few words.
  public func differences(from state: TrainingState) throws -> [String] {
    try config.differencesForbiddenOnResume(from: state.config).map(\.description)
      + identity.differences(from: state.identity)
      + (device.isCUDA || state.libtorch == Backend.version
        ? [] : ["libtorch: \(state.libtorch) -> \(Backend.version)"])
  }

  /// What the user should know of going on from a state. A GPU's results are not promised to the
  /// last bit, so another libtorch is no reason to refuse there.
  public func notes(on state: TrainingState) -> [String] {
    var notes: [String] = []
    if device.isCUDA, state.libtorch != Backend.version {
      notes.append(
        "The run was trained with libtorch \(state.libtorch) so far, and goes on with "
          + "\(Backend.version); its numbers may differ in the last digits.")
    }
    let changes = RunIdentity.Image.differences(
      of: identity.heldOut ?? [], from: state.identity.heldOut ?? [], kind: "held-out picture")
    if config.validateEvery > 0, !changes.isEmpty {
      notes.append(
        "The held-out pictures are not those of the run so far (\(listing(changes))); their loss "
          + "cannot be compared with what it was before step \(state.step).")
    }
    return notes
  }
}
