import Foundation
import TestSupport
import Testing

@testable import EventFiles

/// Writing in the background.
@Suite struct EventWriterTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("All events are in the file at the end, in order")
  func order() throws {
    let writer = EventWriter(in: directory.url, startingAt: 3)
    for step in 3..<500 { writer.write(step: step) { [.scalar("loss", Double(step))] } }
    writer.flush()
    writer.end()
    #expect(writer.takeProblem() == nil)
    let expected = try (3..<500).map { step in
      var event = Event()
      event.step = Int64(step)
      event.summary.value = [EventValue.scalar("loss", Double(step)).message]
      return try EventFile.record(event).count
    }
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: directory.url.path).first)
    let written = try Data(contentsOf: directory.url.appending(path: name)).count
    // Each event has nine bytes for its time, and two events come before them.
    let start =
      try header { $0.fileVersion = "brain.Event:2" }
      + header { $0.sessionLog.status = .start }
    #expect(written == expected.reduce(start) { $0 + $1 + 9 })
  }

  @Test("A folder that cannot be made is one problem, and nothing is written after it")
  func unwritable() throws {
    let file = directory.url.appending(path: "file")
    try Data().write(to: file)
    let writer = EventWriter(in: file.appending(path: "dog/run-1"), startingAt: 0)
    for step in 1..<10 { writer.write(step: step) { [.scalar("loss", 1)] } }
    writer.end()
    let problem = try #require(writer.takeProblem())
    #expect(problem.contains("file/dog/run-1 cannot be written (Not a directory)"))
    writer.write(step: 10) { [.scalar("loss", 1)] }
    writer.end()
    #expect(writer.takeProblem() == nil)
    #expect(try Data(contentsOf: file).isEmpty)
  }

  @Test("Values that cannot be computed are one problem")
  func failure() throws {
    struct Failure: Error, CustomStringConvertible { let description = "no picture" }
    let writer = EventWriter(in: directory.url, startingAt: 0)
    writer.write(step: 1) { throw Failure() }
    writer.write(step: 2) {
      Issue.record("The file is used after a failure.")
      return []
    }
    writer.end()
    #expect(writer.takeProblem() == "no picture")
  }

  @Test("Handing over an event takes less than a tenth of a millisecond")
  func time() throws {
    let writer = EventWriter(in: directory.url, startingAt: 0)
    let steps = 2000
    let time = ContinuousClock().measure {
      for step in 0..<steps {
        writer.write(step: step) { (0..<8).map { .scalar("curve/\($0)", Double(step)) } }
      }
    }
    writer.end()
    #expect(time / steps < .microseconds(100), "\(time / steps)")
  }

  /// The length of a first event of a file, at step 3.
  private func header(_ fill: (inout Event) -> Void) throws -> Int {
    var event = Event()
    event.wallTime = 1
    fill(&event)
    if case .sessionLog = event.what { event.step = 3 }
    return try EventFile.record(event).count
  }
}
