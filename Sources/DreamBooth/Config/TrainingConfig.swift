public import NN

/// Everything that decides what a training run does, as plain values.
///
/// In YAML and JSON the names are in snake_case, on the command line in kebab-case.
/// `Configs/default.yaml` lists every option with its default and must equal this type.
public struct TrainingConfig: Codable, Sendable, Equatable {
  /// What is trained: names the dataset folder, the config file and the run. Must be given.
  public var subject = ""
  /// Optimizer steps.
  public var steps = 1000
  /// Base model: a diffusers directory, or the name of one under `Checkpoints/base`; nil: `sdxl`.
  public var model: String?
  /// Folder with the images; nil: `Datasets/<subject>`.
  public var dataset: String?

  /// Side of the square whose area training sees, in pixels; nil: the model's own (1024 for SDXL).
  public var resolution: Int?
  /// Whether images keep about their shape, in rectangles of about that area; else all become squares.
  public var buckets = true
  /// Sides of the rectangles are multiples of so many pixels.
  public var bucketStep = 64
  /// Whether images that are too small are enlarged; else they get a smaller rectangle.
  public var upscale = true
  /// Which part of an image its rectangle shows, where it has no focus point.
  public var crop = CropChoice.center
  /// Whether half of the samples are mirrored.
  public var flip = false
  /// What is trained on of the VAE's distribution of an image's latents.
  public var latents = LatentsChoice.sampled
  /// Images in one forward pass.
  public var batchSize = 1
  /// Forward passes whose gradients make up one optimizer step.
  public var gradientAccumulation = 1

  /// Text before every caption.
  public var captionPrefix: String?
  /// Text after every caption.
  public var captionSuffix: String?
  /// Whether the lines of a caption file are alternatives, of which one is drawn each time; else
  /// the first is the caption.
  public var captionAlternatives = false
  /// Whether the parts of a caption between commas are shuffled each time.
  public var captionShuffle = false
  /// How many of the parts, the first ones, stay where they are.
  public var keepTokens = 0
  /// Share of the samples that are trained with an empty caption.
  public var captionDropout = 0.0
  /// Tokens of a caption that are read, 75 for each chunk: 75, 150 or 225.
  public var maxCaptionTokens = 75
  /// Whether masks, of their own files or an image's alpha channel, weigh the loss.
  public var masks = true
  /// What the loss weighs where a mask is black.
  public var maskFloor = 0.1

  /// Rank of the LoRA matrices.
  public var rank = 16
  /// The adapter's output is scaled by alpha / rank. Files and flags that leave it out get the
  /// rank, so a scale of 1.
  public var alpha = 16.0
  /// Layers that get an adapter: the ends of their paths in the UNet.
  public var loraTargets = ["to_q", "to_k", "to_v", "to_out.0"]

  /// Peak learning rate of AdamW.
  public var learningRate = 1e-4
  /// Course of the learning rate after the warm-up.
  public var learningRateSchedule = LearningRateSchedule.Shape.constant
  /// Optimizer steps over which the learning rate rises linearly from 0.
  public var learningRateWarmupSteps = 0
  /// AdamW's decoupled weight decay.
  public var weightDecay = 1e-2
  /// AdamW's decay of the gradient average.
  public var adamBeta1 = 0.9
  /// AdamW's decay of the squared gradient average.
  public var adamBeta2 = 0.999
  /// AdamW's term that keeps the division finite.
  public var adamEpsilon = 1e-8
  /// Gradients are scaled down to this global 2-norm; nil: never.
  public var maxGradientNorm: Double? = 1.0
  /// Gamma of the min-SNR loss weighting (Hang et al. 2023, section 3.4); nil: every timestep
  /// weighs the same.
  public var minSNRGamma: Double? = 5.0

  /// Every random draw of training follows from this number.
  public var seed: UInt64 = 42
  /// Data type of the frozen base; nil: bf16 on CUDA, fp32 on the CPU. Adapters stay fp32.
  public var precision: Precision?
  /// Where training runs.
  public var device = DeviceChoice.auto
  /// Recomputes activations in the backward pass: about a fifth slower, and the difference between
  /// fitting an 8 GB card at 1024 pixels and not, hence on by default.
  public var gradientCheckpointing = true
  /// Whether a GPU uses only kernels whose results are the same bits each time; a CPU always does.
  public var deterministic = false
  /// CPU threads of libtorch; nil: libtorch decides, and a run that goes on keeps its number.
  public var threads: Int?

  /// Class images of prior preservation; nil: as `subject.yaml` says, else all in `priorFolder`. 0: no
  /// prior preservation.
  public var priorImages: Int?
  /// What class images show, in turn; empty: as `subject.yaml` says, or made of its class word.
  public var classPrompts: [String] = []
  /// Folder with class images, used instead of drawing them.
  public var priorFolder: String?
  /// How much the class images' loss counts beside that of the subject's images.
  public var priorWeight = 1.0
  /// Class images in one forward pass, beside `batchSize` images of the subject. Files and flags
  /// that leave it out get `batchSize`.
  public var priorBatchSize = 1
  /// Sampler steps of a class image that is drawn.
  public var priorSteps = 30
  /// Classifier-free guidance scale of class images that are drawn; 1: none.
  public var priorGuidance = 5.0

  /// Optimizer steps between checkpoints; there is always one at the end. 0: only that one.
  public var checkpointEvery = 500
  /// How many of the last checkpoints are kept; nil: all, or with `keepEvery` one.
  public var keepLast: Int?
  /// Of older checkpoints, those at multiples of so many steps are kept; nil: none, or without
  /// `keepLast` all. The best and the final one always are.
  public var keepEvery: Int?
  /// Optimizer steps between sample grids. Files and flags that leave it out get
  /// `checkpointEvery`. 0: no samples.
  public var sampleEvery = 500
  /// Folder with pictures that are kept from training, to see how it does on them; nil: `held-out` in
  /// the dataset, when it is there.
  public var validationDataset: String?
  /// How many of the dataset's own pictures are kept from training where there is no such folder;
  /// nil: 1 of 8 and more.
  public var holdOut: Int?
  /// Optimizer steps between evaluations of the held-out loss. Files and flags that leave it out get
  /// `checkpointEvery`. 0: none.
  public var validateEvery = 500
  /// Prompts of the sample grid; empty: the subject's default caption.
  public var samplePrompts: [String] = []
  /// Sampler steps of one sample.
  public var sampleSteps = 30
  /// Classifier-free guidance scale of the samples; 1: none.
  public var sampleGuidance = 5.0
  /// Every prompt is drawn once with each of these seeds.
  public var sampleSeeds: [UInt64] = [42, 43]

  /// The defaults.
  public init() {}

  /// `dataset`, or the folder that belongs to the subject.
  public var datasetPath: String { dataset ?? "Datasets/\(subject)" }

  /// Whether a settled configuration (``TrainingSetup``) trains on class images too.
  var preservesPrior: Bool { priorImages ?? 0 > 0 }

  /// Whether a settled configuration has class images drawn.
  var drawsClassImages: Bool { preservesPrior && priorFolder == nil }
}

extension TrainingConfig {
  /// The options by their names in YAML and JSON.
  public enum CodingKeys: String, CodingKey, CaseIterable, Sendable {
    case subject, steps, model, dataset, resolution, buckets, upscale, crop, flip, latents, masks,
      rank, alpha, seed, precision, device, deterministic, threads
    case batchSize = "batch_size"
    case gradientAccumulation = "gradient_accumulation"
    case bucketStep = "bucket_step"
    case captionPrefix = "caption_prefix"
    case captionSuffix = "caption_suffix"
    case captionAlternatives = "caption_alternatives"
    case captionShuffle = "caption_shuffle"
    case keepTokens = "keep_tokens"
    case captionDropout = "caption_dropout"
    case maxCaptionTokens = "max_caption_tokens"
    case maskFloor = "mask_floor"
    case loraTargets = "lora_targets"
    case learningRate = "learning_rate"
    case learningRateSchedule = "learning_rate_schedule"
    case learningRateWarmupSteps = "learning_rate_warmup_steps"
    case weightDecay = "weight_decay"
    case adamBeta1 = "adam_beta1"
    case adamBeta2 = "adam_beta2"
    case adamEpsilon = "adam_epsilon"
    case maxGradientNorm = "max_gradient_norm"
    case minSNRGamma = "min_snr_gamma"
    case gradientCheckpointing = "gradient_checkpointing"
    case priorImages = "prior_images"
    case classPrompts = "class_prompts"
    case priorFolder = "prior_folder"
    case priorWeight = "prior_weight"
    case priorBatchSize = "prior_batch_size"
    case priorSteps = "prior_steps"
    case priorGuidance = "prior_guidance"
    case checkpointEvery = "checkpoint_every"
    case keepLast = "keep_last"
    case keepEvery = "keep_every"
    case sampleEvery = "sample_every"
    case validationDataset = "validation_dataset"
    case holdOut = "hold_out"
    case validateEvery = "validate_every"
    case samplePrompts = "sample_prompts"
    case sampleSteps = "sample_steps"
    case sampleGuidance = "sample_guidance"
    case sampleSeeds = "sample_seeds"
  }

  /// An option's name.
  public typealias Key = CodingKeys
}
