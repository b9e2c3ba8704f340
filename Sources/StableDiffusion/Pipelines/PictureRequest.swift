/// One picture to draw with one model.
public struct PictureRequest {
  /// The embedding of the prompt: `[1, 77, C]` and `[1, P]`.
  public var prompt: PromptEmbedding
  /// The embedding of the negative prompt, used if `guidance` is above 1.
  public var negative: PromptEmbedding
  /// Pixels in a row, a multiple of the pixels for each latent pixel.
  public var width: Int
  /// Rows, a multiple of the pixels for each latent pixel.
  public var height: Int
  /// Sampling steps.
  public var steps: Int
  /// The guidance scale (Ho & Salimans 2022): how far a prediction is moved from that of the
  /// negative prompt to that of the prompt and beyond. 1 or less uses the prompt alone, at half the
  /// cost.
  public var guidance: Double
  /// The seed of the initial noise and of the sampler's noise, both drawn from one
  /// `torch.Generator("cpu").manual_seed(seed)`.
  public var seed: UInt64
  /// The size conditioning of the prompt. The default is a picture of the requested size that was
  /// not cropped.
  public var sizes: SizeConditioning
  /// The size conditioning of the negative prompt; nil for that of the prompt.
  public var negativeSizes: SizeConditioning?
  /// The aesthetic score of the prompt, from 1 to 10. It conditions a refiner only.
  public var aestheticScore = 6.0
  /// The aesthetic score of the negative prompt.
  public var negativeAestheticScore = 2.5
  /// How much of the contrast that guidance adds is removed, from 0 to 1 (Lin et al. 2023, section
  /// 3.4).
  public var guidanceRescale = 0.0
  /// The input of the first step.
  public var start = SamplingStart.noise
  /// The share of the noise levels after which another model takes over (diffusers
  /// `denoising_end`); nil if none does.
  public var end: Double?

  /// A picture of its own size that was not cropped.
  public init(
    prompt: PromptEmbedding, negative: PromptEmbedding, width: Int, height: Int, steps: Int,
    guidance: Double, seed: UInt64
  ) {
    self.prompt = prompt
    self.negative = negative
    self.width = width
    self.height = height
    self.steps = steps
    self.guidance = guidance
    self.seed = seed
    sizes = SizeConditioning(width: width, height: height)
  }
}
