package import StableDiffusion
import Torch

/// The models, adapters and the machine that pictures are drawn with.
package struct PictureSources: Sendable {
  /// The base model.
  package var model: PictureRecord.Source
  /// nil for the model's own.
  package var vae: PictureRecord.Source?
  package var adapters: [PictureRecord.Adapter] = []
  package var embeddings: [PictureRecord.Embedding] = []
  /// Whether the adapters are merged into the weights.
  package var areAdaptersMerged = false
  package var refiner: PictureRecord.Source?
  /// The start image.
  package var image: PictureRecord.Source?
  package var precision: Precision
  package var isOnGPU: Bool
  /// The version of lora-train.
  package var program: String

  package init(
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
  ///   - scheduler: the sampler's configuration.
  ///   - sampler: the name that chose it; nil for the model's own.
  package init(
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
    embeddings = sources.embeddings.isEmpty ? nil : sources.embeddings
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
