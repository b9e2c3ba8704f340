import CTorch

/// Changes in place, which no graph records.
extension Tensor {
  /// Multiplies by a factor.
  package func multiply(by factor: Double) throws(TorchError) {
    try check(ct_multiply_in_place(handle, factor))
  }

  /// Adds `factor * other`.
  package func add(_ other: Tensor, times factor: Double = 1) throws(TorchError) {
    try check(ct_add_in_place(handle, other.handle, factor))
  }

  /// Adds `factor * a * b`.
  package func addProduct(_ a: Tensor, _ b: Tensor, times factor: Double) throws(TorchError) {
    try check(ct_add_product_in_place(handle, a.handle, b.handle, factor))
  }

  /// Adds `factor * a / b`.
  package func addQuotient(_ a: Tensor, _ b: Tensor, times factor: Double) throws(TorchError) {
    try check(ct_add_quotient_in_place(handle, a.handle, b.handle, factor))
  }

  /// Goes a part of the way to `end`: adds `weight * (end - self)`.
  package func move(towards end: Tensor, by weight: Double) throws(TorchError) {
    try check(ct_lerp_in_place(handle, end.handle, weight))
  }

  /// Divides by `divisor`.
  package func divide(by divisor: Tensor) throws(TorchError) {
    try check(ct_divide_in_place(handle, divisor.handle))
  }

  /// Joins tensors that follow each other in memory, in each of several parallel lists, so that one
  /// operation changes all of them. The results share memory with the tensors and belong to no graph; those
  /// that join several are flat.
  package static func joined(_ lists: [[Tensor]]) throws(TorchError) -> [[Tensor]] {
    let count = lists.first?.count ?? 0
    guard lists.allSatisfy({ $0.count == count }) else {
      throw TorchError("Lists of different lengths cannot be joined.")
    }
    var results = [OpaquePointer?](repeating: nil, count: lists.count * count)
    var length = 0
    try check(
      withHandles(Array(lists.joined())) { handles, _ in
        ct_join(handles, lists.count, count, &results, &length)
      })
    var members: [Tensor] = []
    for handle in results.prefix(lists.count * length) {
      members.append(try Tensor(adopting: handle))
    }
    return lists.indices.map { Array(members[($0 * length)..<(($0 + 1) * length)]) }
  }
}
