import Ranks
import TestSupport
import Testing
import Torch

@testable import Training

/// What ranks tell each other in a step, and between steps.
@Suite(.serialized)
struct RankExchangeTests {
  /// Two trained tensors of a rank, of which the second has no gradient.
  private static func parameters(_ rank: Int) throws -> [Tensor] {
    let parameters = try [[2, 3], [4]].map { try Tensor.zeros($0) }
    try parameters[0].setGrad(.full([2, 3], value: Double(rank + 1)))
    return parameters
  }

  @Test("Gradients and losses are summed; a tensor without a gradient stays without one")
  func sums() throws {
    let results = try RankThreads.run(3) { ranks in
      let parameters = try Self.parameters(ranks.rank)
      let exchange = GradientExchange(ranks, wantsStop: { false })
      let losses = try Tensor([0.5, Float(ranks.rank)], shape: [2])
      let sums = try exchange.sum(gradientsOf: parameters, losses: losses)
      try exchange.finish(sums.votes.doubles()[...])
      try ranks.leave()
      let gradient = try parameters[0].grad?.floats() ?? []
      let isWithout = try parameters[1].grad == nil
      return gradient + (try sums.losses.floats())
        + [isWithout ? 1 : 0, exchange.isStopAgreed ? 1 : 0]
    }
    for result in results { #expect(try result.get() == [6, 6, 6, 6, 6, 6, 1.5, 3, 1, 0]) }
  }

  @Test("A stop of one rank stops all after the same step")
  func stop() throws {
    let results = try RankThreads.run(2) { ranks in
      let exchange = GradientExchange(ranks, wantsStop: { ranks.rank == 1 })
      let sums = try exchange.sum(
        gradientsOf: Self.parameters(ranks.rank), losses: .zeros([1]))
      try exchange.finish(sums.votes.doubles()[...])
      try ranks.leave()
      return exchange.isStopAgreed
    }
    #expect(try results.map { try $0.get() } == [true, true])
  }

  @Test("Without memory on one rank, no rank applies the step, and all go down the ladder")
  func outOfMemory() throws {
    let results = try RankThreads.run(2) { ranks in
      let exchange = GradientExchange(ranks, wantsStop: { false })
      let lacksMemory = ranks.rank == 0
      let sums = try exchange.sum(
        gradientsOf: Self.parameters(ranks.rank),
        losses: .full([1], value: lacksMemory ? .nan : 1), outOfMemory: lacksMemory)
      try ranks.leave()
      let applies = try sums.losses.foundInf().item() == 0
      do {
        try exchange.finish(sums.votes.doubles()[...])
        return "continues"
      } catch let error as TorchError {
        return "\(error.isOutOfMemory) \(applies)"
      }
    }
    #expect(try results.map { try $0.get() } == ["true false", "true false"])
  }

  @Test("Work between steps ends on all ranks if one is stopped or has no memory for it")
  func together() throws {
    let results = try RankThreads.run(2) { ranks in
      func outcome(_ body: () throws -> Int) throws -> String {
        do {
          return "\(try Optional(ranks).together(body))"
        } catch is StopRequest {
          return "stopped"
        } catch let error as TorchError where error.isOutOfMemory {
          return "memory"
        }
      }
      let all = [
        try outcome { ranks.rank },
        try outcome {
          if ranks.rank == 0 { throw StopRequest() }
          return 1
        },
        try outcome {
          if ranks.rank == 1 { throw TorchError("full", isOutOfMemory: true) }
          return 1
        },
      ]
      try ranks.leave()
      return all
    }
    #expect(try results[0].get() == ["0", "stopped", "memory"])
    #expect(try results[1].get() == ["1", "stopped", "memory"])
  }
}
