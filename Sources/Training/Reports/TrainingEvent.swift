public import Foundation
import Torch

/// An event of a training.
public enum TrainingEvent {
  /// Caches are filled or the model is loaded: the kind of work, the number done, and the total.
  case preparing(String, done: Int, of: Int)
  /// A note for the user, one sentence.
  case note(String)
  /// Memory ran out, and the training continues with less.
  case memoryChange(MemoryChange)
  /// The first step starts: the number of adapted layers and of trained parameters.
  case ready(sites: Int, parameters: Int)
  /// An optimizer step is done.
  case step(StepReport)
  /// A validation is done.
  case validation(ValidationReport)
  /// A picture of a sample grid is being drawn: its number from 1, and the total.
  case sampling(step: Int, picture: Int, of: Int)
  /// A sample grid is written.
  case sample(step: Int, grid: URL)
  /// A part between two steps took this many seconds.
  case spent(RemainingTime.Part, seconds: Double)
  /// Writing a checkpoint starts in the background.
  case saving(step: Int)
  /// A checkpoint is written; `sha256` is that of its adapter.
  case checkpoint(step: Int, folder: URL, sha256: String)
  /// A checkpoint could not be written, for a reason in one sentence. The training continues, and
  /// the next attempt is in at most `retryIn` seconds.
  case unsaved(step: Int, reason: String, retryIn: Int)
  /// The checkpoints of these steps were removed, as configured by `keep_last` and `keep_every`.
  case removed(steps: [Int])
}
