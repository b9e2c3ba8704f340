import Ranks
import Torch

extension RankGroup? {
  /// Runs work that every rank does on its own, and waits until all have done it. If one was stopped or has no
  /// memory for it, all throw `StopRequest` or a `TorchError`. A process on its own just runs it.
  func together<Value>(_ body: () throws -> Value) throws -> Value {
    guard let self else { return try body() }
    let result: Result<Value, any Error>
    var (isStopped, lacksMemory) = (false, false)
    do {
      result = .success(try body())
    } catch let error as StopRequest {
      (result, isStopped) = (.failure(error), true)
    } catch let error as TorchError where error.isOutOfMemory {
      (result, lacksMemory) = (.failure(error), true)
    }
    if try self.any(isStopped) { throw StopRequest() }
    if try self.any(lacksMemory) {
      _ = try result.get()
      throw TorchError("another rank has no memory for it", isOutOfMemory: true)
    }
    return try result.get()
  }

  /// What rank 0 finds, on all ranks. A process on its own finds it itself. Throws `RankError`.
  func fromLeader<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    guard let self else { return try body() }
    return try self.fromLeader(body)
  }

  /// This process' part of divided work.
  var share: Share { self?.share ?? .whole }
}
