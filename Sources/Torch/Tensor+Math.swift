import CTorch

extension Tensor {
  /// Elementwise sum, broadcast.
  public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_add(a.handle, b.handle))
  }

  /// Adds a number to every element.
  public static func + (a: Tensor, b: Double) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_add_scalar(a.handle, b))
  }

  /// Adds a number to every element.
  public static func + (a: Double, b: Tensor) throws(TorchError) -> Tensor { try b + a }

  /// Elementwise difference, broadcast.
  public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_sub(a.handle, b.handle))
  }

  /// Subtracts a number from every element.
  public static func - (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a + (-b) }

  /// Subtracts every element from a number.
  public static func - (a: Double, b: Tensor) throws(TorchError) -> Tensor { try -b + a }

  /// Elementwise product, broadcast.
  public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_mul(a.handle, b.handle))
  }

  /// Multiplies every element by a number.
  public static func * (a: Tensor, b: Double) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_mul_scalar(a.handle, b))
  }

  /// Multiplies every element by a number.
  public static func * (a: Double, b: Tensor) throws(TorchError) -> Tensor { try b * a }

  /// Elementwise quotient, broadcast.
  public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_div(a.handle, b.handle))
  }

  /// Divides every element by a number.
  public static func / (a: Tensor, b: Double) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_div_scalar(a.handle, b))
  }

  /// The negated elements.
  public static prefix func - (a: Tensor) throws(TorchError) -> Tensor { try a * -1.0 }

  /// e to the power of every element.
  public func exp() throws(TorchError) -> Tensor { try Tensor(adopting: ct_exp(handle)) }

  /// The square root.
  public func sqrt() throws(TorchError) -> Tensor { try Tensor(adopting: ct_sqrt(handle)) }

  /// -1, 0 or 1 for negative elements, zeros and positive ones.
  public func sign() throws(TorchError) -> Tensor { try Tensor(adopting: ct_sign(handle)) }

  /// How many of at most 255 ascending `boundaries` are below each element, uint8.
  public func bucketize(_ boundaries: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_bucketize(handle, boundaries.handle))
  }

  /// The sum of the products of the elements of two flat tensors, a scalar.
  public func dot(_ other: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_dot(handle, other.handle))
  }

  /// The square.
  public func square() throws(TorchError) -> Tensor { try Tensor(adopting: ct_square(handle)) }

  /// The absolute value.
  public func abs() throws(TorchError) -> Tensor { try Tensor(adopting: ct_abs(handle)) }

  /// The sine of angles in radians.
  public func sin() throws(TorchError) -> Tensor { try Tensor(adopting: ct_sin(handle)) }

  /// The cosine of angles in radians.
  public func cos() throws(TorchError) -> Tensor { try Tensor(adopting: ct_cos(handle)) }

  /// 1 / (1 + e^-x).
  public func sigmoid() throws(TorchError) -> Tensor { try Tensor(adopting: ct_sigmoid(handle)) }

  /// x sigmoid(x) (Elfwing et al. 2018).
  public func silu() throws(TorchError) -> Tensor { try Tensor(adopting: ct_silu(handle)) }

  /// The exact Gaussian error linear unit (Hendrycks & Gimpel 2016).
  public func gelu() throws(TorchError) -> Tensor { try Tensor(adopting: ct_gelu(handle)) }

  /// The nearest integers, ties to even.
  public func round() throws(TorchError) -> Tensor { try Tensor(adopting: ct_round(handle)) }

  /// The elements limited to `minimum...maximum`.
  public func clamp(
    min minimum: Double = -.infinity, max maximum: Double = .infinity
  ) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_clamp(handle, minimum, maximum))
  }

  /// Whether every element is finite.
  public func isFinite() throws(TorchError) -> Bool {
    let answer = ct_all_finite(handle)
    try check(answer)
    return answer == 1
  }

  /// The product of matrices, batched over leading dimensions.
  public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_matmul(handle, other.handle))
  }
}
