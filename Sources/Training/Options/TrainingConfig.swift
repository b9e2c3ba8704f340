package import Datasets
package import Drawing
package import NN
public import Options

/// The options of a training run. Each option is declared only here: flags, configuration files,
/// `Configs/default.yaml`, the record of a run and the rules for resuming come from its
/// declaration.
public struct TrainingConfig: OptionTable {
  package typealias Option<Value: OptionValue> = Options.Option<TrainingConfig, Value>
  package static let schema = OptionSchema<TrainingConfig>()

  // MARK: Run

  @Option(
    .run, "Name of the subject, which also names the dataset, the configuration file and the runs.",
    value: "name", check: { subject, _ in SubjectName.problem(subject) })
  package var subject = ""
  @Option(
    .run, "Number of optimizer steps.", .in(1...10_000_000), value: "n",
    resume: .allowedIf { _, new in
      new.optimization.learningRateSchedule == .constant && (new.text.textEncoderStopAt ?? 1) >= 1
    })
  package var steps: Int = 1000
  @Option(
    .run, "Folder with the training images and captions.", value: "folder",
    unset: "Datasets/<subject>", resume: .allowed)
  package var dataset: String? = nil
  @Option(
    .run,
    "Base model: a diffusers folder, a .safetensors file in the original layout, or the name of an "
      + "installed model.",
    value: "model", unset: "sdxl if it is installed, else demo", resume: .allowed)
  package var model: String? = nil
  @Option(
    .run,
    "Options to start from: character, style, object, 8gb, fast, best, or a file in Configs/recipes. The "
      + "subject's file and flags override them.",
    value: "name", unset: "none", resume: .allowed)
  package var recipe: String? = nil
  @Option(
    .run,
    "Number of passes over the dataset, in place of `steps`. An epoch has as many steps as lora-train "
      + "dataset lists.", .in(1...1_000_000), value: "n", unset: "`steps` sets the length",
    resume: .allowed)
  package var epochs: Int? = nil
  @Option(
    .run, "Seed of all random numbers. A negative one is replaced by a random one.", value: "n")
  package var seed: UInt64 = 42
  @Option(
    .run, "Folder for event files, from which TensorBoard shows the curves and samples of runs.",
    value: "folder", unset: "none", resume: .allowed)
  package var tensorboard: String? = nil

  // MARK: Images and captions

  @Option(
    .images, "Resolution in pixels. An image is scaled to about the area of a square of this side.",
    .multiple(of: 32, in: 64...4096), value: "pixels", unset: "the model's own, 1024 for SDXL")
  package var resolution: Int? = nil
  @Option(
    .images, "Aspect-ratio buckets: images keep about their own shape. Otherwise all are squares.")
  package var buckets = true
  @Option(
    .images, "Bucket sides are multiples of this many pixels.",
    .multiple(of: 8, in: 8...1024), value: "pixels",
    unset: "64, or 32 below a resolution of 512 and 16 below 256")
  package var bucketStep: Int? = nil
  @Option(
    .images, "Enlarge small images. Otherwise they get a smaller bucket.",
    check: { upscale, config in
      upscale || config.buckets
        ? nil : "true if `buckets` is false, since all squares have one size"
    })
  package var upscale = true
  @Option(
    .images,
    "Part of an image to use if it has no focus point. random: a new part in each epoch.",
    value: "part")
  package var crop = CropChoice.center
  @Option(.images, "Mirror half of the samples, chosen at random.") package var flip = false
  @Option(
    .images,
    "Latents of an image: a new sample of the VAE's distribution in each step, or its mean.",
    value: "kind")
  package var latents = LatentsChoice.sampled
  @Option(.images, "Text before each caption.", value: "text", unset: "none")
  package var captionPrefix: String? = nil
  @Option(.images, "Text after each caption.", value: "text", unset: "none")
  package var captionSuffix: String? = nil
  @Option(
    .images, "Train images without a caption, or with an empty file, with an empty caption.",
    resume: .allowed)
  package var emptyCaptions = false
  @Option(
    .images, "Use a random line of a caption file for each sample. Otherwise the first line.")
  package var captionAlternatives = false
  @Option(.images, "Shuffle the comma-separated parts of each caption.")
  package var captionShuffle = false
  @Option(
    .images, "Number of parts at the start of a caption that are not shuffled.", .in(0...1000),
    value: "n")
  package var keepTokens = 0
  @Option(
    .images,
    "Text such as ||| between the parts of a caption that are not shuffled and those that are. A second "
      + "one ends the shuffled parts. It is removed from the caption, and `keep_tokens` does not count.",
    Allowed("a text that is not blank") { !$0.allSatisfy(\.isWhitespace) }, value: "text",
    unset: "none")
  package var keepTokensSeparator: String? = nil
  @Option(.images, "Fraction of the samples trained with an empty caption.", .share, value: "x")
  package var captionDropout = 0.0
  @Option(
    .images,
    "Maximum number of tokens in a caption: 75, 150 or 225. Longer captions are truncated.",
    Allowed("75, 150 or 225", contains: [75, 150, 225].contains), value: "n")
  package var maxCaptionTokens = 75
  @Option(.images, "Weight the loss by masks (<name>-mask.png) and by transparency.")
  package var masks = true
  @Option(
    .images, "Weight of the loss where the mask is black or the image is transparent.", .share,
    value: "x")
  package var maskFloor = 0.1
  @Option(.images, "Number of images in a forward pass.", .in(1...4096), value: "n")
  package var batchSize = 1
  @Option(.images, "Number of forward passes in an optimizer step.", .in(1...4096), value: "n")
  package var gradientAccumulation = 1

  // MARK: Adapter

  @Option(.adapter, "Rank of the LoRA matrices.", .in(1...4096), value: "n", resume: .never)
  package var rank = 16
  @Option(
    .adapter, "Alpha of the LoRA. The adapter's output is multiplied by alpha / rank.", .positive,
    value: "x", follows: .option(\.$rank) { Double($0) })
  package var alpha = 16.0
  /// The layers with an adapter, and its kind and size in them.
  package var adaptation: AdapterOptions = AdapterOptions()
  @Option(
    .adapter,
    "LoRA to start from, in the form of kohya, diffusers or PEFT. `rank`, `alpha` and "
      + "`targets` are then those of the file.",
    value: "file", unset: "new adapters", resume: .never,
    check: { file, config in
      file == nil || config.text.trainUnet || config.text.trainTextEncoders != nil
        ? nil : "null, since only the vectors of a word are trained"
    })
  package var initLora: String? = nil

  /// The options of the optimizer.
  package var optimization: OptimizationOptions = OptimizationOptions()

  /// The options of the loss and the noise.
  package var objective: ObjectiveOptions = ObjectiveOptions()

  /// The options of the text encoders.
  package var text: TextOptions = TextOptions()

  // MARK: Prior preservation

  @Option(
    .prior,
    "Number of class images, which show other things of the subject's class and keep the model "
      + "from forgetting it. 0: none.",
    .in(Subject.priorImagesRange), value: "n",
    unset: "as in subject.yaml, else all in `prior_folder`, else 0",
    resume: .allowedIf { !$0.preservesPrior && !$1.preservesPrior })
  package var priorImages: Int? = nil
  @Option(
    .prior,
    "Prompts of the class images, used in turn; with `preservation` output those of captions that do not "
      + "name the subject.",
    Allowed(Subject.classPromptsAllowed, contains: Subject.areClassPrompts), value: "text",
    unset: "as in subject.yaml, else \"a photo of a <class_word>\"",
    resume: .allowedIf { !$0.usesClassPrompts || !$1.usesClassPrompts })
  package var classPrompts: [String] = []
  // On a resume, the images in the folder are compared by content.
  @Option(
    .prior, "Folder with class images.", value: "folder", unset: "the base model draws them",
    resume: .allowedIf {
      !$0.preservesPrior || !$1.preservesPrior || $0.drawsClassImages == $1.drawsClassImages
    })
  package var priorFolder: String? = nil
  @Option(
    .prior, "Weight of the class in the loss.",
    .positive.described(as: "a number above 0 (`prior_images: 0` switches class images off)"),
    value: "x",
    resume: .allowedIf { !$0.hasPriorLoss && !$1.hasPriorLoss })
  package var priorWeight = 1.0
  @Option(
    .prior, "Number of class images in a forward pass.", .in(1...4096), value: "n",
    follows: .option(\.$batchSize),
    resume: .allowedIf { !$0.preservesPrior && !$1.preservesPrior })
  package var priorBatchSize = 1
  @Option(
    .prior, "Number of sampler steps for a class image.", .in(1...1000), value: "n",
    resume: .allowedIf { !$0.drawsClassImages || !$1.drawsClassImages })
  package var priorSteps = 30
  @Option(
    .prior, "Guidance scale of class images. 1: no guidance.", .notNegative, value: "x",
    resume: .allowedIf { !$0.drawsClassImages || !$1.drawsClassImages })
  package var priorGuidance = 5.0

  // MARK: Checkpoints

  @Option(
    .checkpoints, "Steps between checkpoints. 0: only at the end.", .in(0...10_000_000),
    value: "n", resume: .allowed)
  package var checkpointEvery = 500
  @Option(
    .checkpoints,
    "Number of latest checkpoints to keep. The best and the final one are always kept.",
    .in(1...10_000_000), value: "n", unset: "all, or 1 with `keep_every`", resume: .allowed)
  package var keepLast: Int? = nil
  @Option(
    .checkpoints, "Also keep checkpoints at multiples of this many steps.", .in(1...10_000_000),
    value: "n", unset: "none, or all without `keep_last`", resume: .allowed)
  package var keepEvery: Int? = nil

  // MARK: Validation

  @Option(
    .validation, "Folder with validation images, which are not trained on and show over-fitting.",
    value: "folder", unset: "\(ValidationImages.folderName) in the dataset if it exists",
    resume: .allowed)
  package var validationDataset: String? = nil
  @Option(
    .validation,
    "Number of dataset images to validate on if there is no folder with validation images.",
    .in(0...10_000), value: "n", unset: "1 if there are 8 images or more", formerly: ["hold_out"],
    resume: .allowed)
  package var validationImages: Int? = nil
  @Option(
    .validation, "Steps between validations. 0: no validation.", .in(0...10_000_000), value: "n",
    follows: .option(\.$checkpointEvery), resume: .allowed)
  package var validateEvery = 500
  @Option(
    .validation, "Weights that validations and samples use: the trained ones, or their average.",
    value: "weights", resume: .allowed,
    check: { weights, config in
      weights == .ema && config.optimization.ema == nil ? "adapter unless `ema` is set" : nil
    })
  package var evaluate = CheckpointWeights.adapter

  // MARK: Samples

  @Option(
    .samples, "Steps between sample grids. 0: no samples.", .in(0...10_000_000), value: "n",
    follows: .option(\.$checkpointEvery), resume: .allowed)
  package var sampleEvery = 500
  @Option(
    .samples,
    "Prompts of the sample grid, one for each row. They are read up to `max_caption_tokens`.",
    value: "text",
    unset: "the subject's caption", resume: .allowed)
  package var samplePrompts: [String] = []
  @Option(
    .samples, "Number of sampler steps for a sample.", .in(1...1000), value: "n", resume: .allowed)
  package var sampleSteps = 30
  @Option(
    .samples, "Guidance scale of samples. 1: no guidance.", .notNegative, value: "x",
    resume: .allowed)
  package var sampleGuidance = 5.0
  @Option(
    .samples,
    "Seeds of the sample grid, one for each column. A negative one is replaced by a random one.",
    Allowed("a list of at least one seed (`sample_every: 0` switches samples off)") { !$0.isEmpty },
    value: "n", resume: .allowed)
  package var sampleSeeds: [UInt64] = [42, 43]

  // MARK: Machine

  @Option(
    .machine, "Device to train on.", value: "device",
    resume: .allowedIf { $0.device.isCUDA && $1.device.isCUDA })
  package var device: DeviceChoice = .auto
  @Option(
    .machine, "Number format of the base model. The adapter is always fp32.", value: "type",
    unset: "bf16 on a GPU, else fp32")
  package var precision: Precision? = nil
  @Option(
    .machine,
    "Memory that the training may use, such as 8GB: of the GPU, or of the machine without one. What is "
      + "not set below is then chosen so that the training fits, and is as fast as possible.",
    MemorySize.allowed, value: "size", unset: "what the device has", resume: .allowed)
  package var memory: String? = nil
  @Option(
    .machine, "Recompute activations in the backward pass. Slower, but needs much less memory.",
    unset: "yes if `memory` is short")
  package var gradientCheckpointing: Bool? = nil
  @Option(
    .machine,
    "Activations that gradient checkpointing recomputes: those of all blocks, or only those of the "
      + "feed-forward layers, which saves half as much memory and is faster.",
    value: "extent", unset: "blocks, or feed-forward if that suffices for `memory`",
    check: { extent, config in
      extent == nil || config.gradientCheckpointing != false
        ? nil : "null if `gradient_checkpointing` is false"
    })
  package var checkpointingExtent: CheckpointingExtent? = nil
  @Option(
    .machine,
    "How the frozen weights of the base model's blocks are kept between uses. resident: as they are used. int8 "
      + "or fp8: rounded to 8 bits, which changes the results a little. offloaded: outside the GPU, in "
      + "the machine's memory, or on a CPU in their file.",
    value: "form", unset: "resident, or what `memory` requires",
    resume: .allowedIf { !$0.roundsWeights && !$1.roundsWeights },
    check: { form, config in
      form ?? .resident == .resident
        || config.gradientCheckpointing != false && config.checkpointingExtent != .feedForward
        ? nil : "resident unless gradient checkpointing recomputes all blocks"
    })
  package var frozenWeights: FrozenWeights? = nil
  @Option(
    .machine, "Share of the frozen weights that is offloaded, if they are.",
    Allowed("above 0 and at most 1") { $0 > 0 && $0 <= 1 }, value: "x",
    unset: "the least that `memory` requires, or all", resume: .allowed,
    check: { share, config in
      share == nil || config.frozenWeights == .offloaded
        ? nil : "null unless `frozen_weights` is offloaded"
    })
  package var offloadedShare: Double? = nil
  @Option(
    .machine,
    "On a GPU, record the operations of a step, and of the samples and class images, once for each shape, "
      + "and repeat them as a CUDA graph, which is faster.", resume: .allowed)
  package var cudaGraphs = true
  @Option(
    .machine,
    "On a GPU, use only deterministic kernels, so that resuming is exact. On a CPU it always is.",
    resume: .allowedIf { _, new in !new.device.isCUDA })
  package var deterministic = false
  @Option(
    .machine, "Number of CPU threads.", .in(1...1024), value: "n",
    unset: "one for each core; a resumed run keeps its number",
    resume: .allowedIf { _, new in new.device.isCUDA })
  package var threads: Int? = nil

  /// The defaults.
  public init() {}
}

extension OptionSection {
  package static let run = OptionSection("Run")
  package static let images = OptionSection("Images and captions")
  package static let adapter = OptionSection("Adapter")
  package static let optimizer = OptionSection("Optimizer")
  package static let objective = OptionSection("Loss and noise")
  package static let prior = OptionSection("Prior preservation")
  package static let checkpoints = OptionSection("Checkpoints")
  package static let validation = OptionSection("Validation")
  package static let samples = OptionSection("Samples")
}
