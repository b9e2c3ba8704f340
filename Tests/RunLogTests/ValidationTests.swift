import Foundation
import RunLog
import Testing

@Suite struct ValidationTests {
  let fixture = Fixture()

  private func points(_ losses: [(Int, Double)]) -> [ValidationRecord] {
    losses.map { ValidationRecord(run: 1, step: $0.0, loss: $0.1) }
  }

  @Test("Validation losses are read in order, and a resume from an earlier step removes them")
  func recording() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    let evaluations = points([(0, 0.5), (4, 0.25), (8, 0.125)])
    for evaluation in evaluations { try log.record(evaluation) }
    try log.record(ValidationRecord(run: 1, step: 8, loss: 0.0625))
    #expect(try log.validation(run.id) == evaluations.prefix(2) + points([(8, 0.0625)]))
    _ = try log.resume(run.id, from: 4, sha256: "ab", version: "0.1.0")
    #expect(try log.detail(run.id).validation == Array(evaluations.prefix(2)))
    _ = try log.resume(run.id, from: 0, sha256: nil, version: "0.1.0")
    #expect(try log.validation(run.id).isEmpty)
    try log.adopt(run, validation: evaluations)
    #expect(try log.validation(run.id) == evaluations)
  }

  @Test("A resume with other validation images removes the earlier losses")
  func dropped() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    let other = try log.beginExample()
    for id in [run.id, other.id] { try log.record(ValidationRecord(run: id, step: 4, loss: 0.5)) }
    _ = try log.resume(run.id, from: 4, sha256: "ab", version: "0.1.0", keepsValidation: false)
    #expect(try log.validation(run.id).isEmpty)
    #expect(try log.validation(other.id).count == 1)
  }

  @Test("show --json has step and loss; a loss that is no number is an error")
  func json() throws {
    let log = try fixture.open()
    _ = try log.beginExample()
    try log.record(ValidationRecord(run: 1, step: 4, loss: 0.25))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = String(decoding: try encoder.encode(log.detail(1)), as: UTF8.self)
    #expect(json.contains(#""validation":[{"loss":0.25,"step":4}]"#))
    let error = #expect(throws: RunLogError.self) {
      try log.record(ValidationRecord(run: 1, step: 8, loss: .nan))
    }
    #expect("\(try #require(error))".hasPrefix("The validation loss of step 8 of run 1 is nan"))
  }
}
