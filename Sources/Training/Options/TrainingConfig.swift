public import Datasets
public import Drawing
public import NN
public import Options

/// Everything that decides what a training run does, as plain values. Each option is declared here and
/// nowhere else: flags, configuration files, `Configs/default.yaml`, the record of a run and the rules
/// for resuming come from its declaration.
public struct TrainingConfig: OptionTable {
  package typealias Option<Value: OptionValue> = Options.Option<TrainingConfig, Value>
  package static let schema = OptionSchema<TrainingConfig>()

  // MARK: Run

  @Option(
    .run, "What to train. Names the dataset, the configuration file and the run.", value: "name",
    check: { subject, _ in SubjectName.problem(subject) })
  package var subject = ""
  @Option(
    .run, "Optimizer steps.", .in(1...10_000_000), value: "n",
    resume: .allowedIf { _, new in new.learningRateSchedule == .constant })
  package var steps = 1000
  @Option(
    .run, "Folder with the images and captions.", value: "folder", unset: "Datasets/<subject>",
    resume: .allowed)
  package var dataset: String? = nil
  @Option(
    .run,
    "Base model: a diffusers folder, a .safetensors file in the original layout, or the name of an "
      + "installed model.",
    value: "model", unset: "sdxl if it is installed, else demo", resume: .allowed)
  package var model: String? = nil
  @Option(.run, "Seed of every random draw.", value: "n") package var seed: UInt64 = 42

  // MARK: Images and captions

  @Option(
    .images, "Side in pixels of the square whose area training sees.",
    .multiple(of: 32, in: 64...4096), value: "pixels", unset: "the model's own, 1024 for SDXL")
  package var resolution: Int? = nil
  @Option(
    .images, "Give each image a rectangle of about its own shape. Otherwise all are squares.")
  package var buckets = true
  @Option(
    .images, "The sides of the rectangles are multiples of this many pixels.",
    .multiple(of: 8, in: 8...1024), value: "pixels")
  package var bucketStep = 64
  @Option(
    .images, "Enlarge images that are too small. Otherwise they get a smaller rectangle.",
    check: { upscale, config in
      upscale || config.buckets
        ? nil : "true if `buckets` is false, since all squares have one size"
    })
  package var upscale = true
  @Option(
    .images,
    "Which part of an image is used if it has no focus point. random: another part in each epoch.",
    value: "part")
  package var crop = CropChoice.center
  @Option(.images, "Mirror half of the samples.") package var flip = false
  @Option(
    .images,
    "Latents to train on: a sample of the VAE's distribution in each step, or its mean.",
    value: "kind")
  package var latents = LatentsChoice.sampled
  @Option(.images, "Text before each caption.", value: "text", unset: "none")
  package var captionPrefix: String? = nil
  @Option(.images, "Text after each caption.", value: "text", unset: "none")
  package var captionSuffix: String? = nil
  @Option(
    .images, "Use a random line of a caption file for each sample. Otherwise the first line.")
  package var captionAlternatives = false
  @Option(.images, "Shuffle the comma-separated parts of each caption.")
  package var captionShuffle = false
  @Option(
    .images, "Keep this many parts at the start of a caption in place.", .in(0...1000), value: "n")
  package var keepTokens = 0
  @Option(.images, "Fraction of the samples with an empty caption.", .share, value: "x")
  package var captionDropout = 0.0
  @Option(
    .images, "Tokens read of a caption: 75, 150 or 225. Longer captions are cut, with a note.",
    Allowed("75, 150 or 225", contains: [75, 150, 225].contains), value: "n")
  package var maxCaptionTokens = 75
  @Option(.images, "Weight the loss by name-mask.png files and by transparency.")
  package var masks = true
  @Option(
    .images, "Weight of the loss where a mask is black or an image transparent.", .share, value: "x"
  )
  package var maskFloor = 0.1
  @Option(.images, "Images in a forward pass.", .in(1...4096), value: "n")
  package var batchSize = 1
  @Option(.images, "Forward passes in an optimizer step.", .in(1...4096), value: "n")
  package var gradientAccumulation = 1

  // MARK: Adapter

  @Option(.adapter, "Rank of the LoRA matrices.", .in(1...4096), value: "n", resume: .never)
  package var rank = 16
  @Option(
    .adapter, "The adapter is scaled by alpha / rank.", .positive, value: "x",
    follows: .option(\.$rank) { Double($0) })
  package var alpha = 16.0
  @Option(
    .adapter, "Layers of the UNet with an adapter: the ends of their paths.",
    Allowed("a list of layer names such as [to_q, to_v]") { !$0.isEmpty && !$0.contains("") },
    value: "layer", resume: .never)
  package var loraTargets = ["to_q", "to_k", "to_v", "to_out.0"]

  // MARK: Optimizer and loss

  @Option(.optimizer, "Peak learning rate of AdamW.", .notNegative, value: "x")
  package var learningRate = 1e-4
  @Option(
    .optimizer,
    "Course of the learning rate after the warm-up. Cosine and linear fall to 0 at the last step.",
    value: "shape")
  package var learningRateSchedule = LearningRateSchedule.Shape.constant
  @Option(
    .optimizer, "Steps over which the learning rate rises from 0.", value: "n",
    check: { warmUp, config in
      (0...max(0, config.steps)).contains(warmUp)
        ? nil : "a whole number from 0 to the \(config.steps) steps of the run"
    })
  package var learningRateWarmupSteps = 0
  @Option(.optimizer, "Decoupled weight decay.", .notNegative, value: "x")
  package var weightDecay = 1e-2
  @Option(.optimizer, "Decay of the average of the gradient.", .properShare, value: "x")
  package var adamBeta1 = 0.9
  @Option(.optimizer, "Decay of the average of the squared gradient.", .properShare, value: "x")
  package var adamBeta2 = 0.999
  @Option(.optimizer, "Added to the denominator of the update.", .positive, value: "x")
  package var adamEpsilon = 1e-8
  @Option(
    .optimizer, "Scale gradients down to this norm.", .positive, value: "x", unset: "never")
  package var maxGradientNorm: Double? = 1.0
  @Option(
    .optimizer, "Gamma of min-SNR loss weighting (Hang et al. 2023, section 3.4).", .positive,
    value: "x", unset: "all timesteps weigh the same")
  package var minSNRGamma: Double? = 5.0

  // MARK: Prior preservation

  @Option(
    .prior,
    "Number of class images: images of other things of the subject's kind, which the model should "
      + "not forget. 0: none.",
    .in(Subject.priorImagesRange), value: "n",
    unset: "as in subject.yaml, else all in `prior_folder`, else 0",
    resume: .allowedIf { !$0.preservesPrior && !$1.preservesPrior })
  package var priorImages: Int? = nil
  @Option(
    .prior, "Prompts that class images are drawn from, in turn.",
    Allowed(Subject.classPromptsAllowed, contains: Subject.areClassPrompts), value: "text",
    unset: "as in subject.yaml, else \"a photo of a <class_word>\"",
    resume: .allowedIf { !$0.drawsClassImages || !$1.drawsClassImages })
  package var classPrompts: [String] = []
  // What is found in the folder is compared by content.
  @Option(
    .prior, "Folder with class images.", value: "folder", unset: "the base model draws them",
    resume: .allowedIf {
      !$0.preservesPrior || !$1.preservesPrior || $0.drawsClassImages == $1.drawsClassImages
    })
  package var priorFolder: String? = nil
  @Option(
    .prior, "Weight of the class images' loss.",
    .positive.worded("a number above 0 (`prior_images: 0` switches class images off)"), value: "x",
    resume: .allowedIf { !$0.preservesPrior && !$1.preservesPrior })
  package var priorWeight = 1.0
  @Option(
    .prior, "Class images in a forward pass, beside the subject's.", .in(1...4096), value: "n",
    follows: .option(\.$batchSize),
    resume: .allowedIf { !$0.preservesPrior && !$1.preservesPrior })
  package var priorBatchSize = 1
  @Option(
    .prior, "Sampler steps for each class image.", .in(1...1000), value: "n",
    resume: .allowedIf { !$0.drawsClassImages || !$1.drawsClassImages })
  package var priorSteps = 30
  @Option(
    .prior, "Guidance scale of class images. 1: none.", .notNegative, value: "x",
    resume: .allowedIf { !$0.drawsClassImages || !$1.drawsClassImages })
  package var priorGuidance = 5.0

  // MARK: Checkpoints

  @Option(
    .checkpoints, "Steps between checkpoints. 0: only at the end.", .in(0...10_000_000),
    value: "n", resume: .allowed)
  package var checkpointEvery = 500
  @Option(
    .checkpoints,
    "Keep this many of the last checkpoints. The best and the final one are always kept.",
    .in(1...10_000_000), value: "n", unset: "all, or 1 with `keep_every`", resume: .allowed)
  package var keepLast: Int? = nil
  @Option(
    .checkpoints, "Also keep checkpoints at multiples of this many steps.", .in(1...10_000_000),
    value: "n", unset: "none, or all without `keep_last`", resume: .allowed)
  package var keepEvery: Int? = nil

  // MARK: Validation

  @Option(
    .validation, "Folder with images that are not trained on, to measure over-fitting.",
    value: "folder", unset: "\(HeldOut.folderName) in the dataset if it exists", resume: .allowed)
  package var validationDataset: String? = nil
  @Option(
    .validation, "Number of the dataset's images to validate on if there is no such folder.",
    .in(0...10_000), value: "n", unset: "1 if there are 8 images or more", formerly: ["hold_out"],
    resume: .allowed)
  package var validationImages: Int? = nil
  @Option(
    .validation, "Steps between validations. 0: none.", .in(0...10_000_000), value: "n",
    follows: .option(\.$checkpointEvery), resume: .allowed)
  package var validateEvery = 500

  // MARK: Samples

  @Option(
    .samples, "Steps between sample grids. 0: none.", .in(0...10_000_000), value: "n",
    follows: .option(\.$checkpointEvery), resume: .allowed)
  package var sampleEvery = 500
  @Option(
    .samples, "Prompts of the sample grid, one for each row.", value: "text",
    unset: "the subject's caption", resume: .allowed)
  package var samplePrompts: [String] = []
  @Option(.samples, "Sampler steps for each sample.", .in(1...1000), value: "n", resume: .allowed)
  package var sampleSteps = 30
  @Option(
    .samples, "Guidance scale of samples. 1: none.", .notNegative, value: "x", resume: .allowed)
  package var sampleGuidance = 5.0
  @Option(
    .samples, "Seeds of the sample grid, one for each column.",
    Allowed("a list of at least one seed (`sample_every: 0` switches samples off)") { !$0.isEmpty },
    value: "n", resume: .allowed)
  package var sampleSeeds: [UInt64] = [42, 43]

  // MARK: Machine

  @Option(
    .machine, "Where to train.", value: "device",
    resume: .allowedIf { $0.device.isCUDA && $1.device.isCUDA })
  package var device: DeviceChoice = .auto
  @Option(
    .machine, "Type of the frozen base model. The adapter is always fp32.", value: "type",
    unset: "bf16 on a GPU, else fp32")
  package var precision: Precision? = nil
  @Option(.machine, "Recompute activations in the backward pass: slower, with much less memory.")
  package var gradientCheckpointing = true
  @Option(
    .machine,
    "On a GPU, use only kernels that give the same bits each time, so that resuming is exact. A CPU "
      + "always is.",
    resume: .allowedIf { _, new in !new.device.isCUDA })
  package var deterministic = false
  @Option(
    .machine, "CPU threads.", .in(1...1024), value: "n",
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
  package static let optimizer = OptionSection("Optimizer and loss")
  package static let prior = OptionSection("Prior preservation")
  package static let checkpoints = OptionSection("Checkpoints")
  package static let validation = OptionSection("Validation")
  package static let samples = OptionSection("Samples")
}
