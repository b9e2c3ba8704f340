package import Options
package import StableDiffusion

/// The options of a drawing. Flags, campaigns, help and errors are made from these declarations.
/// ``DrawingRequest`` adds which options were given; ``DrawingOptions/series(side:image:)`` turns them
/// into a series for the pipeline.
package struct DrawingOptions: OptionTable {
  package typealias Option<Value: OptionValue> = Options.Option<DrawingOptions, Value>
  package static let schema = OptionSchema<DrawingOptions>()

  // MARK: What to draw

  @Option(.subject, "Prompt.", value: "text", unset: "the one in `from` or `prompts`")
  package var prompt: String? = nil
  @Option(
    .subject,
    "Seed of the initial noise. The same seed gives the same picture, and a negative one is replaced "
      + "by a random one.", value: "n")
  package var seed: UInt64 = 0
  @Option(
    .subject, "Number of pictures, with `seed`, `seed` + 1 and so on.",
    Allowed("from 1 to 1000", contains: (1...1000).contains), value: "n")
  package var count = 1

  // MARK: Picture

  @Option(
    .picture, "Negative prompt.", value: "text",
    unset: "the model's own setting for an empty prompt")
  package var negative: String? = nil
  @Option(.picture, "Width.", .side, value: "pixels", unset: "the model's own size")
  package var width: Int? = nil
  @Option(.picture, "Height.", .side, value: "pixels", unset: "the model's own size")
  package var height: Int? = nil
  @Option(
    .picture, "Sampler steps.", Allowed("from 1 to 1000", contains: (1...1000).contains), value: "n"
  )
  package var steps = 30
  @Option(.picture, "Guidance scale. 1: no guidance.", .notNegative, value: "x")
  package var guidance = 5.0
  @Option(.picture, "Sampler.", value: "name", unset: "the model's own")
  package var scheduler: SchedulerName? = nil

  // MARK: Model and adapters

  @Option(
    .model,
    "Base model: a diffusers folder, a .safetensors file in the original layout, or the name of an "
      + "installed one.",
    value: "model", unset: "the run's, else the installed one, sdxl before demo")
  package var model: String? = nil
  @Option(
    .model, "Another VAE: an installed one, a diffusers folder or a .safetensors file.",
    value: "vae",
    unset: "the model's own")
  package var vae: String? = nil
  @Option(
    .model, "Adapter and its strength, which may be negative.", value: "file[:strength]",
    unset: "none")
  package var loras: [AdapterChoice] = []
  @Option(
    .model, "Factor for the strengths of all adapters.",
    Allowed("a number", contains: \.isFinite), value: "x")
  package var strength = 1.0
  @Option(
    .model, "Merge the adapters into the weights before drawing, which is faster.",
    unset: "yes in fp32, where the picture stays the same")
  package var mergeAdapters: Bool? = nil

  @Option(
    .model,
    "Embedding (textual inversion), which prompts use by the name of its file: a .safetensors file, or "
      + "the name of one in Checkpoints/embeddings. Another word may follow after a colon.",
    value: "file[:word]", unset: "none")
  package var embeddings: [EmbeddingChoice] = []

  // MARK: Prompts

  @Option(.prompts, "Read prompts longer than 75 tokens in chunks. Otherwise they are cut.")
  package var longPrompts = false
  @Option(.prompts, "Read (word:1.2), (word) and [word] as weights. Otherwise they are text.")
  package var promptWeights = false

  // MARK: Drawing over an image

  @Option(
    .start, "Image file to draw over. It is scaled and cropped to the picture's size.",
    value: "file", unset: "none")
  package var image: String? = nil
  @Option(
    .start, "Share of the steps that `image` is drawn over with. 1: nothing of it stays.",
    .positiveShare, value: "x")
  package var imageStrength = 0.6

  // MARK: Refiner

  @Option(
    .refiner, "Refiner: a folder, or the name of an installed one such as demo-refiner.",
    value: "model", unset: "none")
  package var refiner: String? = nil
  @Option(
    .refiner, "Share of the noise levels after which the refiner takes over.",
    Allowed("between 0 and 1") { $0 > 0 && $0 < 1 }, value: "x",
    unset: "\(DrawingOptions.standardSplit)")
  package var split: Double? = nil
  @Option(
    .refiner,
    "Let the refiner draw over the finished picture with this share of the steps, instead of "
      + "`split`.",
    .positiveShare, value: "x", unset: "none")
  package var refinerStrength: Double? = nil
  @Option(
    .refiner, "Aesthetic score that the refiner is conditioned on, 1 to 10.", .score, value: "x")
  package var aestheticScore = 6.0
  @Option(.refiner, "Aesthetic score with the negative prompt.", .score, value: "x")
  package var negativeAestheticScore = 2.5

  // MARK: Guidance and conditioning

  @Option(
    .conditioning,
    "Rescale the guided prediction by this share (Lin et al. 2023). For v-prediction models.",
    .share, value: "x")
  package var guidanceRescale = 0.0
  @Option(
    .conditioning, "Original size that SDXL is conditioned on.", value: "WxH",
    unset: "that of the picture")
  package var originalSize: ImageSize? = nil
  @Option(
    .conditioning, "Crop offset that SDXL is conditioned on.", value: "top,left", unset: "none")
  package var crop: CropOffset? = nil
  @Option(
    .conditioning, "Target size that SDXL is conditioned on.", value: "WxH",
    unset: "that of the picture")
  package var targetSize: ImageSize? = nil
  @Option(
    .conditioning, "Original size with the negative prompt.", value: "WxH",
    unset: "as with the prompt")
  package var negativeOriginalSize: ImageSize? = nil
  @Option(
    .conditioning, "Crop offset with the negative prompt.", value: "top,left",
    unset: "as with the prompt")
  package var negativeCrop: CropOffset? = nil
  @Option(
    .conditioning, "Target size with the negative prompt.", value: "WxH",
    unset: "as with the prompt")
  package var negativeTargetSize: ImageSize? = nil

  // MARK: Machine

  @Option(.machine, "Type to compute in.", value: "type", unset: "bf16 on a GPU, else fp32")
  package var precision: Precision? = nil
  @Option(.machine, "Where to draw.", value: "device")
  package var device = DeviceChoice.auto
  @Option(.machine, "Whether the VAE works in tiles, which saves memory.", value: "choice")
  package var vaeTiling = VAETiling.automatic
  @Option(
    .machine, "Number of CPU threads.", .in(1...1024), value: "n",
    unset: "one for each core, or that of the picture in `from`")
  package var threads: Int? = nil

  /// The split if neither `split` nor `refiner_strength` is given.
  package static let standardSplit = 0.8

  /// The keys of the options that can differ between the pictures of a campaign.
  package static let pictureKeys = schema.options
    .filter { [.picture, .prompts, .conditioning].contains($0.section) }.map(\.key)

  /// The defaults.
  package init() {}
}

extension OptionSection {
  package static let subject = OptionSection("What to draw")
  package static let picture = OptionSection("Picture")
  package static let model = OptionSection("Model and adapters")
  package static let prompts = OptionSection("Prompts")
  package static let start = OptionSection("Drawing over an image")
  package static let refiner = OptionSection("Refiner")
  package static let conditioning = OptionSection("Guidance and conditioning")
  package static let machine = OptionSection("Machine")
}

extension Allowed<Int> {
  /// Pixels along one side. Each model checks that its VAE can draw the size.
  fileprivate static var side: Allowed {
    Allowed("from 1 to 65536", contains: (1...65_536).contains)
  }
}

extension Allowed<Double> {
  fileprivate static var positiveShare: Allowed {
    Allowed("above 0 and at most 1") { $0 > 0 && $0 <= 1 }
  }

  fileprivate static var score: Allowed { Allowed("from 0 to 100", contains: (0...100).contains) }
}
