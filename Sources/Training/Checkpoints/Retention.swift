import Files
import Torch

/// Which checkpoints of a run are kept: the last ones, those at every so many steps, the one with the
/// lowest held-out loss, and the final one.
struct Retention: Sendable {
  private let last: Int?
  private let every: Int?
  private let steps: Int

  /// What a configuration asks for; nil where it keeps all.
  init?(_ config: TrainingConfig) {
    guard config.keepLast != nil || config.keepEvery != nil else { return nil }
    last = config.keepLast
    every = config.keepEvery
    steps = config.steps
  }

  /// The steps to keep of those that there are. The newest is always among them: a run goes on from
  /// there.
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
  /// Removes the checkpoints that are not to be kept, the oldest first, each under another name so
  /// that none is ever there in part. To be called once the newest is safe. Throws `FileAccessError`.
  ///
  /// - Parameter newest: the last step that is known to be saved. Those after it can only be damaged
  ///   ones that the run did not go on from: they count for nothing, and are replaced when their steps
  ///   come again.
  /// - Returns: the steps whose checkpoints are gone.
  func retain(
    _ retention: Retention?, through newest: Int, validation: [ValidationReport]
  ) throws -> [Int] {
    guard let retention else { return [] }
    let existing = checkpoints.filter { $0.step <= newest }
    let kept = retention.kept(of: existing.map(\.step), validation: validation)
    let surplus = existing.reversed().filter { !kept.contains($0.step) }
    for checkpoint in surplus {
      let grave = Leftover.removed.url(of: checkpoint)
      try DurableFile.remove(grave)
      try DurableFile.rename(checkpoint.url, to: grave)
      try DurableFile.remove(grave)
    }
    return surplus.map(\.step)
  }
}
