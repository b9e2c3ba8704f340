import Files
import Torch

/// Which checkpoints of a run are kept: the latest ones, those at multiples of a number of steps,
/// the one with the lowest validation loss, and the final one.
struct Retention: Sendable {
  private let last: Int?
  private let every: Int?
  private let steps: Int

  /// The rule of a configuration; nil if it keeps all checkpoints.
  init?(_ config: TrainingConfig) {
    guard config.keepLast != nil || config.keepEvery != nil else { return nil }
    last = config.keepLast
    every = config.keepEvery
    steps = config.steps
  }

  /// The steps to keep. The newest is always among them, because a run resumes from it.
  func kept(of existing: [Int], validation: [ValidationReport]) -> Set<Int> {
    var kept = Set(existing.sorted().suffix(last ?? 1))
    if let every { kept.formUnion(existing.filter { $0.isMultiple(of: every) }) }
    if existing.contains(steps) { kept.insert(steps) }
    if let best = ValidationRanking(validation, checkpoints: existing)?.best {
      kept.insert(best.step)
    }
    return kept
  }
}

extension RunFolder {
  /// The recorded steps without a checkpoint, in order. Those that are not kept do not count: a process
  /// that was killed may have removed them and not recorded this.
  ///
  /// - Parameter config: The configuration of the run; nil: all checkpoints are kept.
  package func missingCheckpoints(
    _ recorded: [Int], _ config: TrainingConfig?, validation: [ValidationReport]
  ) -> [Int] {
    let existing = Set(checkpoints.map(\.step))
    let missing = Set(recorded).subtracting(existing)
    guard let retention = config.flatMap(Retention.init) else { return missing.sorted() }
    let kept = retention.kept(of: Array(missing.union(existing)), validation: validation)
    return missing.intersection(kept).sorted()
  }

  /// Removes the checkpoints that are not kept, the oldest first. Each is renamed before, so that
  /// no partial checkpoint has a checkpoint's name. Call it after the newest checkpoint is synced.
  /// Throws `FileAccessError`.
  ///
  /// - Parameter newest: The last step known to be saved. Checkpoints after it are damaged ones
  ///   that the run was not resumed from. They are ignored, and replaced when their steps come
  ///   again.
  /// - Returns: The steps whose checkpoints were removed.
  func retain(
    _ retention: Retention?, through newest: Int, validation: [ValidationReport]
  ) throws -> [Int] {
    guard let retention else { return [] }
    let existing = checkpoints.filter { $0.step <= newest }
    let kept = retention.kept(of: existing.map(\.step), validation: validation)
    let surplus = existing.reversed().filter { !kept.contains($0.step) }
    for checkpoint in surplus {
      let removed = Leftover.removed.url(of: checkpoint)
      try DurableFile.remove(removed)
      try DurableFile.rename(checkpoint.url, to: removed)
      try DurableFile.remove(removed)
    }
    return surplus.map(\.step)
  }
}
