public import StableDiffusion
import Torch

/// What pictures are drawn with, besides what is asked for.
public struct PictureSources: Sendable {
  /// The base.
  public var model: PictureRecord.Source
  /// nil: the model's own.
  public var vae: PictureRecord.Source?
  /// On the base.
  public var adapters: [PictureRecord.Adapter] = []
  /// Whether the adapters are added to the weights.
  public var areAdaptersMerged = false
  /// nil: there is none.
  public var refiner: PictureRecord.Source?
  /// What is drawn over.
  public var image: PictureRecord.Source?
  /// Type of the weights.
  public var precision: Precision
  /// Whether a GPU draws.
  public var isOnGPU: Bool
  /// The version of this program.
  public var program: String

  /// A model alone.
  public init(
    model: PictureRecord.Source, precision: Precision, isOnGPU: Bool, program: String
  ) {
    self.model = model
    self.precision = precision
    self.isOnGPU = isOnGPU
    self.program = program
  }
}

extension PictureRecord {
  /// The record of one picture of a series.
  ///
  /// - Parameters:
  ///   - scheduler: what draws.
  ///   - sampler: the name that chose it; nil: it is the model's own.
  public init(
    _ series: PictureSeries, seed: UInt64, scheduler: SchedulerConfiguration,
    sampler: SchedulerName?, sources: PictureSources
  ) {
    prompt = series.prompt
    negative = series.negative
    self.seed = seed
    steps = series.steps
    guidance = series.guidance
    guidanceRescale = series.guidanceRescale
    width = series.width
    height = series.height
    sizes = Sizes(
      series.sizes ?? SizeConditioning(width: series.width, height: series.height))
    negativeSizes = series.negativeSizes.map(Sizes.init)
    longPrompts = series.reading.isLong
    promptWeights = series.reading.isWeighted
    self.scheduler = scheduler.className
    self.sampler = sampler?.rawValue
    model = sources.model
    vae = sources.vae
    vaeTiling = series.tiling.rawValue
    adapters = sources.adapters
    mergedAdapters = sources.areAdaptersMerged && !sources.adapters.isEmpty
    refiner = sources.refiner.map { Refiner($0, series) }
    if let picture = sources.image, let strength = series.image?.strength {
      image = Start(picture: picture, strength: strength)
    }
    precision = sources.precision.rawValue
    device = sources.isOnGPU ? "cuda" : "cpu"
    threads = Backend.threads
    libtorch = Backend.version
    program = sources.program
  }
}

extension PictureRecord.Sizes {
  fileprivate init(_ sizes: SizeConditioning) {
    original = [sizes.originalWidth, sizes.originalHeight]
    crop = [sizes.cropTop, sizes.cropLeft]
    target = [sizes.targetWidth, sizes.targetHeight]
  }
}

extension PictureRecord.Refiner {
  fileprivate init(_ model: PictureRecord.Source, _ series: PictureSeries) {
    self.model = model
    aestheticScore = series.aestheticScore
    negativeAestheticScore = series.negativeAestheticScore
    switch series.refinement {
    case .ensemble(let split): self.split = split
    case .over(let strength): self.strength = strength
    }
  }
}
