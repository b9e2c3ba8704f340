import Torch

/// Forward and backward passes that are recorded once for each shape, and then repeated (``DeviceGraph``).
/// On a GPU this saves the host the thousands of operations of a pass.
final class PassGraphs {
  /// A pass that can be repeated.
  private struct Recording {
    let layout: PlacedPass.Layout
    let graph: DeviceGraph
    /// The loss of the last repetition.
    let loss: PassLoss
    /// The gradients of the last repetition, for each trained tensor; nil if the pass computes none.
    let gradients: [Tensor?]
  }

  /// The failures for lack of memory after which nothing is recorded any more.
  private static let mostFailures = 3

  private let device: Device
  private let trained: [Tensor]
  /// The most recordings. A graph keeps the arguments of all its kernels, so each takes some memory.
  private let most: Int
  /// Whether there is memory for other work beside that of the recordings.
  private var isRoomy: Bool
  private var passes: [PlacedPass.Layout: Int] = [:]
  /// The oldest first.
  private var recordings: [Recording] = []
  private var isEnded = false
  /// The recordings that have failed for lack of memory.
  private var failures = 0
  private var problem: String?

  /// - Parameters:
  ///   - trained: The tensors whose gradients the passes compute.
  ///   - isRoomy: Whether there is memory for other work beside that of the recordings.
  ///   - most: The most recordings, after which the oldest make room.
  init(on device: Device, trained: [Tensor], isRoomy: Bool, most: Int = 32) {
    self.device = device
    self.trained = trained
    self.isRoomy = isRoomy
    self.most = most
  }

  /// The number of recordings.
  var count: Int { recordings.count }

  /// Runs a pass, or repeats an earlier one of the same layout.
  ///
  /// - Parameter body: The forward and the backward pass, which adds to the gradients of the trained
  ///   tensors. Of what differs between passes it may read only the inputs of the layout.
  /// - Returns: The loss that `body` returns.
  func run(_ layout: PlacedPass.Layout, _ body: () throws -> PassLoss) throws -> PassLoss {
    if let recording = recordings.first(where: { $0.layout == layout }) {
      try recording.graph.replay()
      return try results(of: recording)
    }
    let count = passes[layout, default: 0]
    passes[layout] = count + 1
    if !isEnded, count >= DeviceGraph.runsBefore, let recording = try record(layout, body) {
      return try results(of: recording)
    }
    try makeRoom()
    let (loss, gradients) = try withGradients(of: body)
    try add(gradients)
    return loss
  }

  /// Frees the memory of the recordings for other work, unless there is enough.
  func makeRoom() throws(TorchError) { if !isRoomy { try drop() } }

  /// Frees the memory of the recordings. Passes are recorded again when they come back.
  func drop() throws(TorchError) {
    guard !recordings.isEmpty else { return }
    recordings = []
    if device.isCUDA { try Backend.emptyCache() }
  }

  /// Forgets all passes, because memory ran out and the weights get another form.
  ///
  /// - Parameter isLast: Whether nothing is recorded from now on.
  func stepDown(isLast: Bool) throws(TorchError) {
    isRoomy = false
    isEnded = isEnded || isLast
    passes = [:]
    try drop()
  }

  /// Why passes are not recorded any more; nil if they are, or if it was returned before.
  func takeProblem() -> String? {
    defer { problem = nil }
    return problem
  }

  /// Runs a pass and records it; nil if libtorch cannot.
  private func record(
    _ layout: PlacedPass.Layout, _ body: () throws -> PassLoss
  ) throws -> Recording? {
    do {
      if recordings.count == most { recordings.removeFirst() }
      let graph = try DeviceGraph(on: device, neighbour: recordings.first?.graph)
      let (loss, gradients) = try withGradients(of: { try graph.record(body) })
      let recording = Recording(layout: layout, graph: graph, loss: loss, gradients: gradients)
      recordings.append(recording)
      return recording
    } catch let error as TorchError {
      // There may be memory without the other recordings.
      failures += 1
      if !error.isOutOfMemory || recordings.isEmpty || failures == Self.mostFailures {
        (problem, isEnded) = (error.message, true)
      }
      try drop()
      return nil
    }
  }

  /// The loss of a pass and its gradients alone, which are not added to those of the trained tensors.
  private func withGradients(
    of body: () throws -> PassLoss
  ) throws -> (loss: PassLoss, gradients: [Tensor?]) {
    let sums = try trained.map { try $0.grad }
    func restore() throws { for (tensor, sum) in zip(trained, sums) { try tensor.setGrad(sum) } }
    do {
      for tensor in trained { try tensor.setGrad(nil) }
      let loss = try body()
      let gradients = try trained.map { try $0.grad }
      try restore()
      return (loss, gradients)
    } catch {
      try restore()
      throw error
    }
  }

  /// The loss of a repetition. Adds its gradients to those of the trained tensors. Both are copies, since the
  /// next repetition overwrites them.
  private func results(of recording: Recording) throws -> PassLoss {
    try add(recording.gradients)
    return try recording.loss.copied()
  }

  /// Adds gradients to those of the trained tensors. New ones lie side by side, so that their norm is rounded
  /// in the same way whether a pass was run or repeated.
  private func add(_ gradients: [Tensor?]) throws {
    var (sums, added, new): ([Tensor], [Tensor], [(tensor: Tensor, gradient: Tensor)]) = (
      [], [], []
    )
    for (tensor, gradient) in zip(trained, gradients) {
      guard let gradient else { continue }
      if let sum = try tensor.grad {
        sums.append(sum)
        added.append(gradient)
      } else {
        new.append((tensor, gradient))
      }
    }
    try Tensor.addEach(to: sums, added)
    let copies = try Tensor.neighbours(like: new.map(\.gradient))
    try Tensor.copyEach(to: copies, from: new.map(\.gradient))
    for (pair, copy) in zip(new, copies) { try pair.tensor.setGrad(copy) }
  }
}
