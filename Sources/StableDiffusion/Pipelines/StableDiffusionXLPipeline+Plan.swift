import Torch

extension StableDiffusionXLPipeline {
  /// The numbers of steps that base and refiner take for a picture. Throws `SchedulerError` and
  /// `DrawingError` for a series that cannot be drawn.
  func plan(_ series: PictureSeries) throws -> (base: Int, refiner: Int) {
    _ = try scheduler.scheduler(steps: series.steps)
    try DrawingError.checkSize(
      width: series.width, height: series.height, multiple: base.directory.vae.scale)
    if let image = series.image?.image {
      let sizes = [[image.width, image.height], [series.width, series.height]]
      guard sizes[0] == sizes[1] else {
        throw DrawingError.startSize(found: sizes[0], wanted: sizes[1])
      }
    }
    let start = series.image.map { SamplingWindow.Start.strength($0.strength) } ?? .beginning
    let end = refiner == nil ? nil : series.refinement.split
    let baseSteps = try steps(
      SamplingWindow(start: start, end: end), of: scheduler, steps: series.steps)
    guard let refiner, let refinerScheduler else { return (baseSteps, 0) }
    let latents = [base, refiner].map {
      [$0.directory.vae.latentChannels, $0.directory.vae.scale]
    }
    guard latents[0] == latents[1] else {
      throw DrawingError.otherLatents(base: latents[0], refiner: latents[1])
    }
    let refinerStart: SamplingWindow.Start =
      switch series.refinement {
      case .ensemble(let split): .split(split)
      case .over(let strength): .strength(strength)
      }
    return (
      baseSteps,
      try steps(
        SamplingWindow(start: refinerStart, end: nil), of: refinerScheduler, steps: series.steps)
    )
  }

  private func steps(
    _ window: SamplingWindow, of configuration: SchedulerConfiguration, steps: Int
  ) throws -> Int {
    let scheduler = try configuration.scheduler(steps: steps)
    return scheduler.steps(
      in: try window.range(
        of: scheduler, steps: steps, trainTimesteps: configuration.numTrainTimesteps))
  }
}

extension Refinement {
  /// The share of the noise levels after which the base ends; nil if it draws the whole picture.
  var split: Double? {
    if case .ensemble(let split) = self { split } else { nil }
  }
}

/// Counts the finished steps of a drawing.
struct StepCounter {
  private let steps: (base: Int, refiner: Int)
  private let total: Int
  private var done = 0
  private var current: (seed: UInt64, isRefining: Bool, step: Int)?

  init(_ steps: (base: Int, refiner: Int), pictures: Int) {
    self.steps = steps
    total = (steps.base + steps.refiner) * pictures
  }

  mutating func next(_ seed: UInt64, isRefining: Bool) -> DrawingStep {
    let all = isRefining ? steps.refiner : steps.base
    var step = 1
    if let current, current.seed == seed, current.isRefining == isRefining, current.step < all {
      step = current.step + 1
    }
    current = (seed, isRefining, step)
    done += 1
    return DrawingStep(
      seed: seed, isRefining: isRefining, step: step, steps: all, done: done, total: total)
  }
}
