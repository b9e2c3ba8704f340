import Datasets
import Files
import NN
import Options
import Ranks
import Torch

extension TrainingSetup {
  /// This setup for resuming a run: with the run's number of CPU threads and its rung of the memory
  /// ladder, which decide the last bits of results on a CPU, its step of buckets, which decides the crops,
  /// and its length, unless the user has given them.
  ///
  /// - Parameters:
  ///   - recorded: The run's configuration, with the length that it was last started with. Its newest
  ///     checkpoint may be older.
  ///   - ranOutOfMemory: Whether the run has changed its rung because memory ran out. It then keeps that
  ///     rung whatever the user has given, unless a change of it is allowed.
  public func resuming(
    _ recorded: TrainingConfig, ranOutOfMemory: Bool = false
  ) -> TrainingSetup {
    let isAllowed = !allowedChanges.isDisjoint(with: MemoryRung.keys)
    var setup = !setsRung || ranOutOfMemory && !isAllowed ? onRung(of: recorded) : self
    if !setsThreads, let threads = recorded.threads { setup.config.threads = threads }
    // Epochs stay the steps that they were at the start.
    if keepsSteps || (config.epochs != nil && config.epochs == recorded.epochs) {
      (setup.config.steps, setup.config.epochs) = (recorded.steps, recorded.epochs)
    }
    if !setsBucketStep, recorded.bucketStep != nil {
      setup.config.bucketStep = recorded.bucketStep
      setup.buckets = AspectBuckets(setup.config.datasetOptions, resolution: resolution)
    }
    return setup
  }

  /// This setup on the rung of the memory ladder that a run had.
  package func onRung(of recorded: TrainingConfig) -> TrainingSetup {
    var setup = self
    setup.config.set(MemoryRung(recorded))
    return setup
  }

  /// The differences from a state that change the training.
  public func differences(from state: TrainingState) throws -> [TrainingDifference] {
    config.differencesForbiddenOnResume(from: state.config).map(TrainingDifference.init)
      + differences(of: identity, from: state)
      + (device.isCUDA || state.libtorch == Backend.version
        ? []
        : [TrainingDifference("libtorch", "libtorch: \(state.libtorch) -> \(Backend.version)")])
      + sizeDifferences(from: state)
  }

  /// The difference in the number of ranks. Their sums are rounded in another order.
  private func sizeDifferences(from state: TrainingState) -> [TrainingDifference] {
    let (old, new) = (state.ranks?.size ?? 1, ranks.share.size)
    let key = TrainingDifference.worldSize
    return old == new ? [] : [TrainingDifference(key, "\(key): \(old) -> \(new)")]
  }

  /// The differences of images and model. Images that are trained on because another number of them is
  /// validated are named by that number.
  private func differences(
    of identity: RunIdentity, from state: TrainingState
  ) -> [TrainingDifference] {
    let (old, new) = (state.config.validationImages ?? 0, config.validationImages ?? 0)
    guard old != new else { return identity.differences(from: state.identity) }
    func files(_ images: [RunIdentity.Image]?) -> Set<String> { Set((images ?? []).map(\.file)) }
    let added = files(identity.images).intersection(files(state.identity.validation))
    let removed = files(state.identity.images).intersection(files(identity.validation))
    let moved = added.union(removed)
    let found = identity.differences(from: state.identity, besides: moved)
    guard !moved.isEmpty else { return found }
    let key = TrainingConfig.schema.key(of: \.$validationImages)
    func text(_ count: Int) -> String { count == 0 ? "none" : "\(count)" }
    return [TrainingDifference(key, "\(key): \(text(old)) -> \(text(new))")] + found
  }

  /// Whether a difference is allowed by ``allowedChanges``.
  public func allows(_ difference: TrainingDifference) -> Bool {
    allowedChanges.contains(difference.key) && !TrainingDifference.fixed.contains(difference.key)
  }

  /// Notes for the user on a resume from a state, one sentence each. On a GPU, another version of
  /// libtorch is a note and no difference, because results on a GPU are not exact anyway.
  public func notes(on state: TrainingState) -> [String] {
    var notes: [String] = []
    if device.isCUDA, state.libtorch != Backend.version {
      notes.append(
        "The run was trained with libtorch \(state.libtorch) and is resumed with "
          + "\(Backend.version); results may differ in the last digits.")
    }
    let changes = identity.validationDifferences(from: state.identity)
    if !changes.isEmpty {
      notes.append(
        "The validation images have changed (\(listing(changes.map(\.description)))); the "
          + "validation losses up to step \(state.step) are removed.")
    }
    if config.evaluate != state.config.evaluate {
      notes.append(
        "`\(TrainingConfig.schema.key(of: \.$evaluate))` is \(config.evaluate.rawValue) instead of "
          + "\(state.config.evaluate.rawValue); the validation losses up to step \(state.step) are "
          + "removed.")
    }
    return notes
  }

  /// Whether a state's validation losses are those of the current validation images, by the same weights.
  public func keepsValidation(of state: TrainingState) -> Bool {
    identity.validationDifferences(from: state.identity).isEmpty
      && config.evaluate == state.config.evaluate
  }

  /// The differences from a state and notes for the user, once the class images are drawn. `drawn`
  /// is this setup's identity with the class images. If drawing them again does not give the same
  /// bits, other class images are a note and no difference.
  func comparison(
    of drawn: RunIdentity, with state: TrainingState
  ) -> (differences: [TrainingDifference], notes: [String]) {
    guard config.drawsClassImages,
      !Self.drawsExactly(on: device, libtorch: state.libtorch)
    else { return (differences(of: drawn, from: state), []) }
    let changes = drawn.classImageDifferences(from: state.identity)
    return (
      differences(of: identity, from: state),
      changes.isEmpty
        ? []
        : [
          "The class images were drawn again and differ from the previous ones "
            + "(\(listing(changes.map(\.description))))."
        ]
    )
  }

  /// Whether class images drawn with a version of libtorch get the same bits when they are drawn
  /// again.
  static func drawsExactly(on device: Device, libtorch: String) -> Bool {
    !device.isCUDA && libtorch == Backend.version
  }
}

extension RunFolder {
  /// The validations at the checkpoints, as far as they used the validation images of a setup.
  /// Damaged checkpoints are skipped.
  func evaluations(comparableIn setup: TrainingSetup) -> [ValidationReport] {
    checkpoints.compactMap { checkpoint in
      do {
        let state = try checkpoint.state()
        return state.validation?.step == checkpoint.step && setup.keepsValidation(of: state)
          ? state.validation : nil
      } catch {
        // Damaged checkpoints are reported when the newest is searched.
        return nil
      }
    }
  }
}
