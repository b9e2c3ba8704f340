package import StableDiffusion

package struct DrawingProgress: Sendable {
  /// The number of the current picture, from 1.
  package let picture: Int
  /// The number of pictures.
  package let count: Int
  /// The last step; nil before the first one.
  package let step: DrawingStep?
  /// The finished share of all steps, from 0 to 1.
  package let share: Double

  package init(picture: Int, count: Int, step: DrawingStep?, share: Double) {
    self.picture = picture
    self.count = count
    self.step = step
    self.share = share
  }
}

/// Counts the pictures of a drawing that consists of several series.
package struct DrawingCounter {
  private let count: Int
  private var finished: Int
  /// The seeds that the current model has started in the current series.
  private var seeds: Set<UInt64> = []
  private var isRefining = false

  /// - Parameter finished: the number of pictures that are drawn already.
  package init(count: Int, finished: Int = 0) {
    self.count = count
    self.finished = finished
  }

  /// The progress after a step.
  ///
  /// - Parameter pictures: the number of pictures in the series.
  package mutating func next(_ step: DrawingStep, ofSeriesOf pictures: Int) -> DrawingProgress {
    if step.isRefining != isRefining {
      isRefining = step.isRefining
      seeds = []
    }
    seeds.insert(step.seed)
    let part = Double(step.done) / Double(step.total) * Double(pictures)
    return DrawingProgress(
      picture: finished + seeds.count, count: count, step: step,
      share: (Double(finished) + part) / Double(count))
  }

  package mutating func finish(seriesOf pictures: Int) {
    finished += pictures
    seeds = []
    isRefining = false
  }
}
