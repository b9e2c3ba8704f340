public import Files
public import Torch

/// A picture that cannot be drawn.
public enum DrawingError: ReportableError, Equatable {
  /// The VAE cannot decode this size.
  case size(width: Int, height: Int, multiple: Int)
  /// The UNet overflowed.
  case latentNotFinite(seed: UInt64, dtype: DType)
  /// The VAE overflowed.
  case pictureNotFinite(dtype: DType)
  /// A strength or a split, from 0 to 1, leaves a model without steps.
  case noSteps(option: String, value: Double, steps: Int)
  /// The start image has another size than the picture.
  case startSize(found: [Int], wanted: [Int])
  /// Base and refiner have latents of different shapes: channels, and pixels for each latent pixel.
  case otherLatents(base: [Int], refiner: [Int])

  /// Throws `size` unless both sides are positive multiples of `multiple`.
  static func checkSize(width: Int, height: Int, multiple: Int) throws(DrawingError) {
    guard width > 0, height > 0, width.isMultiple(of: multiple), height.isMultiple(of: multiple)
    else {
      throw .size(width: width, height: height, multiple: multiple)
    }
  }

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .size, .noSteps: .usage
    case .latentNotFinite, .pictureNotFinite, .startSize, .otherLatents: .badData
    }
  }

  /// One sentence: what was found and what to do.
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
        The decoded picture is not finite, even in float32: the VAE or the latent is damaged; \
        choose other weights.
        """
        : """
        The decoded picture is not finite: the VAE overflowed in \(dtype.rawValue); load it in \
        float32.
        """
    case .noSteps(let option, let value, let steps):
      """
      With a \(option) of \(value) a model takes none of the \(steps) steps; choose more steps or \
      another \(option).
      """
    case .startSize(let found, let wanted):
      """
      The start image has \(found[0])x\(found[1]) pixels and the picture \
      \(wanted[0])x\(wanted[1]); scale the start image to that size.
      """
    case .otherLatents(let base, let refiner):
      """
      A latent pixel has \(base[0]) channels and covers \(base[1]) pixels a side in the base, but \
      \(refiner[0]) and \(refiner[1]) in the refiner; choose a refiner that belongs to the base.
      """
    }
  }
}
