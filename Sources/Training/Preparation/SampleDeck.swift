import Datasets
import Images
import StableDiffusion

/// Pictures as training deals them out: which of them a forward pass has, which part of each, which
/// way round and with which caption. All of it is a pure function of the seed and the place in the
/// run, so what a run will read is known before it starts.
struct SampleDeck {
  /// One picture in one forward pass.
  struct Sample {
    let view: PictureView
    let text: TextPrompt
    let sizes: SizeConditioning
    /// Which of the step's samples it is, for the draws that are made for it.
    let number: Int
    /// What messages call it.
    let file: String
  }

  private let sources: [PictureSource]
  private let order: SampleOrder
  private let config: TrainingConfig
  private let recipe: CaptionRecipe
  private let batchSize: Int
  private let isClass: Bool

  /// The subject's pictures.
  init(instances: [PictureSource], _ config: TrainingConfig) {
    self.init(
      instances, config, recipe: CaptionRecipe(config.datasetOptions), batchSize: config.batchSize,
      isClass: false)
  }

  /// The class images of prior preservation; their captions are what they show, and stay so.
  init(classImages: [PictureSource], _ config: TrainingConfig) {
    self.init(
      classImages, config, recipe: CaptionRecipe(TrainingConfig().datasetOptions),
      batchSize: config.priorBatchSize, isClass: true)
  }

  private init(
    _ sources: [PictureSource], _ config: TrainingConfig, recipe: CaptionRecipe, batchSize: Int,
    isClass: Bool
  ) {
    self.sources = sources
    self.config = config
    self.recipe = recipe
    self.batchSize = batchSize
    self.isClass = isClass
    order = SampleOrder(
      buckets: sources.map(\.geometry.target), repeats: sources.map(\.image.repeats),
      batchSize: batchSize, gradientAccumulation: config.gradientAccumulation, seed: config.seed,
      purpose: isClass ? .classOrder : .order)
  }

  /// The samples of a forward pass, number `micro` of optimizer step `step`, both from 0.
  func samples(step: Int, micro: Int) -> [Sample] {
    let (epoch, images) = order.pass(step: step, micro: micro)
    return images.enumerated().map { place, image in
      sample(
        image, epoch: epoch, step: step, number: counter(micro * batchSize + place))
    }
  }

  /// The views and captions that some steps of a run have, each once, in the order of their first use.
  func contents(steps: Range<Int>) -> (views: [PictureView], texts: [TextPrompt]) {
    let passes = steps.count * config.gradientAccumulation
    if config.crop == .center, !recipe.isRandom, passes >= order.passesPerEpoch {
      let orientations = config.flip ? [false, true] : [false]
      return (
        sources.flatMap { source in orientations.map { source.view(isMirrored: $0) } }.distinct(),
        sources.map { text(recipe.plain($0.image.captions)) }.distinct()
      )
    }
    var samples: [Sample] = []
    for step in steps {
      for micro in 0..<config.gradientAccumulation {
        samples += self.samples(step: step, micro: micro)
      }
    }
    return (samples.map(\.view).distinct(), samples.map(\.text).distinct())
  }

  /// What the picture of a number is told by, among all draws of a run: class images count down from
  /// -1, so they change nothing about what is drawn for the subject's.
  private func counter(_ number: Int) -> Int { isClass ? -1 - number : number }

  private func sample(_ image: Int, epoch: Int, step: Int, number: Int) -> Sample {
    let source = sources[image]
    let isMirrored =
      config.flip
      && CounterRandom.index(
        below: 2, seed: config.seed, step: step, sample: number, purpose: .flip) == 1
    let geometry =
      config.crop == .random && source.image.focus == nil
      ? source.geometry.randomlyCropped(seed: config.seed, epoch: epoch, image: counter(image))
      : source.geometry
    return Sample(
      view: source.view(geometry, isMirrored: isMirrored),
      text: text(
        recipe.caption(
          of: source.image.captions, seed: config.seed, step: step, sample: number)),
      sizes: SizeConditioning(isMirrored ? geometry.mirrored : geometry), number: number,
      file: source.label)
  }

  private func text(_ caption: String) -> TextPrompt {
    .caption(caption, maxTokens: config.maxCaptionTokens)
  }
}

extension SizeConditioning {
  /// What SDXL is told of an image that training sees cropped.
  init(_ geometry: CropGeometry) {
    self.init(width: geometry.target.width, height: geometry.target.height)
    originalHeight = geometry.original.height
    originalWidth = geometry.original.width
    cropTop = geometry.cropTop
    cropLeft = geometry.cropLeft
  }
}

extension Sequence where Element: Hashable {
  /// Each element once, where it is first.
  func distinct() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
