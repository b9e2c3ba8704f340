import Foundation
import StableDiffusion

/// Chooses the steps after which a preview is made: about eight of a picture, and fewer where decoding
/// would take more than a tenth of the time.
struct PreviewPace {
  private static let previews = 8
  private static let share = 0.1

  private var start = ContinuousClock.now
  private var spent = Duration.zero
  /// The time of the last preview, and a guess before the first one.
  private var last = Duration.zero

  /// The preview after a step; nil if there is none.
  mutating func preview(_ step: DrawingStep, _ unfinished: UnfinishedPicture) throws -> Picture? {
    let every = max(1, step.steps / Self.previews)
    guard step.step.isMultiple(of: every), step.step < step.steps,
      spent + last <= (ContinuousClock.now - start) * Self.share
    else { return nil }
    let begin = ContinuousClock.now
    let picture = try unfinished.picture()
    last = ContinuousClock.now - begin
    spent += last
    return picture
  }
}
