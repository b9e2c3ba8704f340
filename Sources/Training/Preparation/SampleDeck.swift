import Datasets
import Images
import StableDiffusion

/// The samples of each forward pass: images with crop, mirroring and caption. They are a pure
/// function of the seed, the step and the pass, so everything that a run will read is known before
/// it starts.
struct SampleDeck {
  /// One image in one forward pass.
  struct Sample {
    let view: ImageView
    let text: TextPrompt
    /// The text for which the base model's prediction is kept; nil without.
    var classText: TextPrompt?
    let sizes: SizeConditioning
    /// The sample's number in its step, for its random numbers; negative for class images.
    let number: Int
    /// The image's name in messages.
    let file: String
  }

  private let sources: [ImageSource]
  private let order: SampleOrder
  private let config: TrainingConfig
  private let recipe: CaptionRecipe
  private let batchSize: Int
  private let isClass: Bool
  private let classTexts: ClassTexts?

  /// The subject's images.
  ///
  /// - Parameter classTexts: The texts for which the base model's prediction is kept; nil without.
  init(instances: [ImageSource], _ config: TrainingConfig, classTexts: ClassTexts? = nil) {
    self.init(
      instances, config, recipe: CaptionRecipe(config.datasetOptions), batchSize: config.batchSize,
      isClass: false, classTexts: classTexts)
  }

  /// The class images of prior preservation. Their captions are not changed.
  init(classImages: [ImageSource], _ config: TrainingConfig) {
    self.init(
      classImages, config, recipe: CaptionRecipe(TrainingConfig().datasetOptions),
      batchSize: config.priorBatchSize, isClass: true, classTexts: nil)
  }

  private init(
    _ sources: [ImageSource], _ config: TrainingConfig, recipe: CaptionRecipe, batchSize: Int,
    isClass: Bool, classTexts: ClassTexts?
  ) {
    self.classTexts = classTexts
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

  /// The number of forward passes that show each image once.
  var passesPerEpoch: Int { order.passesPerEpoch }

  /// The samples of forward pass `micro` of optimizer step `step`, both from 0.
  func samples(step: Int, micro: Int) -> [Sample] {
    let (epoch, images) = order.pass(step: step, micro: micro)
    return images.enumerated().map { place, image in
      sample(
        image, epoch: epoch, step: step, number: counter(micro * batchSize + place))
    }
  }

  /// The views and captions of a range of steps, each once, in the order of their first use.
  func contents(steps: Range<Int>) -> (views: [ImageView], texts: [TextPrompt]) {
    let passes = steps.count * config.gradientAccumulation
    if config.crop == .center, !recipe.isRandom, passes >= order.passesPerEpoch {
      let orientations = config.flip ? [false, true] : [false]
      let captions = sources.map { recipe.plain($0.image.captions) }
      return (
        sources.flatMap { source in orientations.map { source.view(isMirrored: $0) } }.distinct(),
        (captions + (classTexts?.texts(for: captions) ?? [])).map(text).distinct()
      )
    }
    var samples: [Sample] = []
    for step in steps {
      for micro in 0..<config.gradientAccumulation {
        samples += self.samples(step: step, micro: micro)
      }
    }
    return (
      samples.map(\.view).distinct(),
      (samples.map(\.text) + samples.compactMap(\.classText)).distinct()
    )
  }

  /// The counter of a sample for its random numbers. Class images count down from -1, so the random
  /// numbers of the subject's samples do not depend on them.
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
    let caption = recipe.caption(
      of: source.image.captions, seed: config.seed, step: step, sample: number)
    return Sample(
      view: source.view(geometry, isMirrored: isMirrored), text: text(caption),
      classText: classTexts.map {
        text($0.text(for: caption, seed: config.seed, step: step, sample: number))
      },
      sizes: SizeConditioning(isMirrored ? geometry.mirrored : geometry), number: number,
      file: source.label)
  }

  private func text(_ caption: String) -> TextPrompt {
    .caption(caption, maxTokens: config.maxCaptionTokens)
  }
}

extension SizeConditioning {
  /// The size conditioning of a cropped image: its original size, crop offset and target size.
  init(_ geometry: CropGeometry) {
    self.init(width: geometry.target.width, height: geometry.target.height)
    originalHeight = geometry.original.height
    originalWidth = geometry.original.width
    cropTop = geometry.cropTop
    cropLeft = geometry.cropLeft
  }
}

extension Sequence where Element: Hashable {
  /// The elements without repetitions, in the order of their first occurrence.
  func distinct() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
