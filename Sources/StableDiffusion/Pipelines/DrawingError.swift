public import Files
public import Torch

/// Why a picture cannot be drawn.
public enum DrawingError: ReportableError, Equatable {
  /// The size is not one that the VAE can make.
  case size(width: Int, height: Int, multiple: Int)
  /// The UNet overflowed.
  case latentNotFinite(seed: UInt64, dtype: DType)
  /// The VAE overflowed.
  case pictureNotFinite(dtype: DType)
  /// A strength or a split, between 0 and 1, that leaves a model nothing to do.
  case noSteps(option: String, value: Double, steps: Int)
  /// The picture to start from has another size than the one to draw.
  case startSize(found: [Int], wanted: [Int])
  /// Base and refiner have different latents.
  case otherLatents(base: [Int], refiner: [Int])

  /// Throws `size` unless there is a latent of that size.
  static func checkSize(width: Int, height: Int, multiple: Int) throws(DrawingError) {
    guard width > 0, height > 0, width.isMultiple(of: multiple), height.isMultiple(of: multiple)
    else {
      throw .size(width: width, height: height, multiple: multiple)
    }
  }

  /// What kind of fault it is.
  public var kind: ErrorKind {
    switch self {
    case .size, .noSteps: .usage
    case .latentNotFinite, .pictureNotFinite, .startSize, .otherLatents: .badData
    }
  }

  /// The reason in one sentence.
  public var description: String {
    switch self {
    case .size(let width, let height, let multiple):
      """
      A picture of \(width)x\(height) cannot be drawn; width and height must be positive multiples \
      of \(multiple).
      """
    case .latentNotFinite(let seed, let dtype):
      """
      The latent of seed \(seed) is not finite: the UNet overflowed in \(dtype.rawValue); draw in \
      bfloat16 or float32.
      """
    case .pictureNotFinite(let dtype):
      dtype == .float32
        ? """
        The decoded picture is not finite, in float32 too: the VAE or what was drawn is damaged; \
        choose other weights.
        """
        : """
        The decoded picture is not finite: the VAE overflowed in \(dtype.rawValue); load it in \
        float32.
        """
    case .noSteps(let option, let value, let steps):
      """
      A \(option) of \(value) leaves a model none of the \(steps) steps; choose more steps or \
      another \(option).
      """
    case .startSize(let found, let wanted):
      """
      The picture to start from has \(found[0])x\(found[1]) pixels and the one to draw \
      \(wanted[0])x\(wanted[1]); scale it to that size.
      """
    case .otherLatents(let base, let refiner):
      """
      The base's latents have \(base[0]) channels, \(base[1]) pixels each, and the refiner's \
      \(refiner[0]) and \(refiner[1]); choose a refiner that belongs to the base.
      """
    }
  }
}
