import CTorch

extension Tensor {
  /// The thin singular value decomposition of a matrix `[m, n]`: it equals `u diag(s) vh` with
  /// `k = min(m, n)` singular values, largest first (torch.linalg.svd without full matrices).
  ///
  /// - Returns: `u` of shape `[m, k]`, `s` of shape `[k]` and `vh` of shape `[k, n]`.
  public func svd() throws(TorchError) -> (u: Tensor, s: Tensor, vh: Tensor) {
    let parts = try decompose(into: 3) { ct_svd($0, $1) }
    return (parts[0], parts[1], parts[2])
  }

  /// The thin QR decomposition of a matrix `[m, n]`: it equals `q r` with orthonormal columns in `q`
  /// and an upper triangular `r` (torch.linalg.qr).
  ///
  /// - Returns: `q` of shape `[m, k]` and `r` of shape `[k, n]`, with `k = min(m, n)`.
  public func qr() throws(TorchError) -> (q: Tensor, r: Tensor) {
    let parts = try decompose(into: 2) { ct_qr($0, $1) }
    return (parts[0], parts[1])
  }

  private func decompose(
    into count: Int, _ body: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> Int32
  ) throws(TorchError) -> [Tensor] {
    var handles = [OpaquePointer?](repeating: nil, count: count)
    try check(body(handle, &handles))
    var parts: [Tensor] = []
    for handle in handles { parts.append(try Tensor(adopting: handle)) }
    return parts
  }
}
