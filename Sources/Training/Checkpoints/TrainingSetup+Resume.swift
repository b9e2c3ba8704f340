import Files
import NN
import Options
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

  /// What would make going on from a state another training.
  public func differences(from state: TrainingState) throws -> [TrainingDifference] {
    config.differencesForbiddenOnResume(from: state.config).map(TrainingDifference.init)
      + identity.differences(from: state.identity)
      + (device.isCUDA || state.libtorch == Backend.version
        ? []
        : [TrainingDifference("libtorch", "libtorch: \(state.libtorch) -> \(Backend.version)")])
  }

  /// Whether a difference is let pass.
  public func allows(_ difference: TrainingDifference) -> Bool {
    allowedChanges.contains(difference.key) && !TrainingDifference.fixed.contains(difference.key)
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
    let changes = identity.heldOutDifferences(from: state.identity)
    if !changes.isEmpty {
      notes.append(
        "The held-out pictures are not those of the run so far (\(listing(changes.map(\.description)))); the losses of "
          + "those, up to step \(state.step), are dropped.")
    }
    return notes
  }

  /// Whether the held-out losses of a state are of the pictures that are held out now.
  public func keepsValidation(of state: TrainingState) -> Bool {
    identity.heldOutDifferences(from: state.identity).isEmpty
  }

  /// What going on from a state is, now that class images are there: `drawn` is this setup's identity
  /// with theirs. Where drawing them again need not give the same last bits, others are no reason to
  /// refuse.
  func comparison(
    of drawn: RunIdentity, with state: TrainingState
  ) -> (differences: [TrainingDifference], notes: [String]) {
    guard config.drawsClassImages,
      !Self.drawsExactly(on: device, libtorch: state.libtorch)
    else { return (drawn.differences(from: state.identity), []) }
    let changes = drawn.classImageDifferences(from: state.identity)
    return (
      identity.differences(from: state.identity),
      changes.isEmpty
        ? []
        : [
          "The class images had to be drawn again, and are not to the last bit those of the run so "
            + "far (\(listing(changes.map(\.description))))."
        ]
    )
  }

  /// Whether class images that were drawn with a libtorch are the same when they are drawn again with
  /// this one.
  static func drawsExactly(on device: Device, libtorch: String) -> Bool {
    !device.isCUDA && libtorch == Backend.version
  }
}

extension RunFolder {
  /// The evaluations at the checkpoints, of those whose held-out images are those of a setup. A
  /// checkpoint that cannot be read has none.
  func evaluations(comparableIn setup: TrainingSetup) -> [ValidationReport] {
    checkpoints.compactMap { checkpoint in
      do {
        let state = try checkpoint.state()
        return state.validation?.step == checkpoint.step && setup.keepsValidation(of: state)
          ? state.validation : nil
      } catch {
        // It is damaged; the run is not resumed from it, and whoever looks for the newest reports it.
        return nil
      }
    }
  }
}
