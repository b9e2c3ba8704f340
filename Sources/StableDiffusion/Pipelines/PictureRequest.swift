/// One picture to draw with one model.
public struct PictureRequest {
  /// What to draw, for one prompt: `[1, 77, C]` and `[1, P]`.
  public var prompt: PromptEmbedding
  /// What guidance leads away from; used where `guidance` is above 1.
  public var negative: PromptEmbedding
  /// Pixels in a row, a multiple of what one latent pixel covers.
  public var width: Int
  /// Rows, a multiple of what one latent pixel covers.
  public var height: Int
  /// Sampling steps.
  public var steps: Int
  /// How far each prediction is led from the negative prompt to the prompt; 1 and less draw the
  /// prompt alone, at half the cost (Ho & Salimans 2022).
  public var guidance: Double
  /// Decides the initial noise and then the sampler's, as one
  /// `torch.Generator("cpu").manual_seed(seed)` draws them.
  public var seed: UInt64
  /// The original size, crop and target size that the UNet is told; a picture of the requested size
  /// and not cropped, unless set.
  public var sizes: SizeConditioning
  /// What the UNet is told with the negative prompt; nil: the same.
  public var negativeSizes: SizeConditioning?
  /// How beautiful the picture is to be, from 1 to 10; only a refiner is told.
  public var aestheticScore = 6.0
  /// The score that a refiner is told with the negative prompt.
  public var negativeAestheticScore = 2.5
  /// How much of guidance's gain in contrast is taken back, from 0 to 1 (Lin et al. 2023, section
  /// 3.4).
  public var guidanceRescale = 0.0
  /// What the first step sees.
  public var start = SamplingStart.noise
  /// Where another model takes over, as a share of the noise levels (diffusers `denoising_end`); nil:
  /// nowhere.
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
