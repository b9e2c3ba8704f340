package import StableDiffusion

/// How far a drawing of images is, for whoever shows it.
package struct DrawingProgress: Sendable {
  /// The image that is being drawn, from 1.
  package let image: Int
  /// How many there are.
  package let count: Int
  /// Its last step; nil: there is none yet.
  package let step: DrawingStep?
  /// The share of all steps that are done, from 0 to 1.
  package let share: Double

  package init(image: Int, count: Int, step: DrawingStep?, share: Double) {
    self.image = image
    self.count = count
    self.step = step
    self.share = share
  }
}

/// Counts the images of a drawing that is made of one series after the other.
package struct DrawingCounter {
  private let count: Int
  private var finished: Int
  /// The seeds that the current model has begun in the current series.
  private var seeds: Set<UInt64> = []
  private var isRefining = false

  /// - Parameter finished: images that need not be drawn.
  package init(count: Int, finished: Int = 0) {
    self.count = count
    self.finished = finished
  }

  /// How far a step leads.
  ///
  /// - Parameter images: how many the series has.
  package mutating func next(_ step: DrawingStep, ofSeriesOf images: Int) -> DrawingProgress {
    if step.isRefining != isRefining {
      isRefining = step.isRefining
      seeds = []
    }
    seeds.insert(step.seed)
    let part = Double(step.done) / Double(step.total) * Double(images)
    return DrawingProgress(
      image: finished + seeds.count, count: count, step: step,
      share: (Double(finished) + part) / Double(count))
  }

  /// A series is done.
  package mutating func finish(seriesOf images: Int) {
    finished += images
    seeds = []
    isRefining = false
  }
}
