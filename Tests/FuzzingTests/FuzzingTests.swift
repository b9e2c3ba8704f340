import Foundation
import Fuzzing
import Testing

/// Bytes from outside are read or refused with an error for users. A crash ends the whole test process.
/// `make fuzz` tries many more inputs.
@Suite struct FuzzingTests {
  /// The time for random changes of each target's seeds, in seconds.
  private static let seconds = 0.5
  /// The longest processor time for one input, in seconds.
  private static let limit = 1.0

  @Test("Every target has seeds", arguments: FuzzTarget.all) func seeds(_ target: FuzzTarget) throws
  {
    #expect(!(try target.seeds().isEmpty))
  }

  @Test("Seeds and inputs that once showed a fault are read or refused", arguments: FuzzTarget.all)
  func seedsRun(_ target: FuzzTarget) throws {
    for (name, bytes) in try target.seeds() { try run(target, bytes, "the seed \(name)") }
  }

  @Test("Changed seeds are read or refused", arguments: FuzzTarget.all)
  func changedSeedsRun(_ target: FuzzTarget) throws {
    let seeds = try target.seeds().sorted { $0.key < $1.key }.map(\.value)
    var mutation = Mutation(seed: 1)
    var count = 0
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .seconds(Self.seconds) {
      let seed = seeds[count % seeds.count]
      let other = seeds[(count * 7 + count / seeds.count) % seeds.count]
      let bytes = mutation.changed(seed, other: other)
      try run(target, bytes, "base64 \(bytes.prefix(4096).base64EncodedString())")
      count += 1
    }
    #expect(count > 0)
  }

  private func run(_ target: FuzzTarget, _ bytes: Data, _ name: String) throws {
    let start = Self.processorSeconds
    do {
      try target.run(bytes)
    } catch {
      Issue.record("\(target.name) threw \(type(of: error)) for \(name): \(error)")
    }
    let seconds = Self.processorSeconds - start
    #expect(seconds < Self.limit, "\(target.name) took \(seconds) s for \(name)")
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
