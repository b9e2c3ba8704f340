public import Foundation
import Torch

/// What a training tells while it runs.
public enum TrainingEvent {
  /// Caches are being filled or the model is being read: what, how many of how many.
  case preparing(String, done: Int, of: Int)
  /// Something that the user should know, in one sentence.
  case note(String)
  /// The first step is about to begin: adapted layers and trained values.
  case ready(sites: Int, parameters: Int)
  /// An optimizer step is done.
  case step(StepReport)
  /// The held-out pictures were evaluated.
  case validation(ValidationReport)
  /// A picture of a sample grid is being drawn: which of how many.
  case sampling(step: Int, picture: Int, of: Int)
  /// A sample grid is written.
  case sample(step: Int, grid: URL)
  /// A checkpoint is about to be written, in the background.
  case saving(step: Int)
  /// A checkpoint is written; `sha256` is its adapter's.
  case checkpoint(step: Int, folder: URL, sha256: String)
  /// A checkpoint could not be written, for a reason in one sentence; the training goes on, and the
  /// next attempt is in so many seconds at the latest.
  case unsaved(step: Int, reason: String, retryIn: Int)
  /// The checkpoints of these steps were removed, as the configuration asks.
  case removed(steps: [Int])
}
