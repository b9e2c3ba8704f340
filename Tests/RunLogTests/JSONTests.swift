import Files
import Foundation
import RunLog
import Testing

@Suite struct JSONTests {
  let fixture = Fixture()

  /// A log with one run that has a value in every field.
  private func log() throws -> (RunLog, Run) {
    let log = try fixture.open()
    let run = Run(
      id: 3, subject: "dog", status: .interrupted, step: 3, steps: 10, path: "dog/run-3",
      model: "demo", dataset: "Datasets/dog",
      config: #"{"rank":16,"learning_rate":0.0001,"prompts":["a dog"],"seed":null,"full":true}"#,
      version: "0.1.0", startedAt: Date(timeIntervalSince1970: 1_700_000_000),
      updatedAt: Date(timeIntervalSince1970: 1_700_000_060), loss: 0.25,
      peakMemoryBytes: 3_000_000_000)
    try log.adopt(
      run,
      steps: [0.5, 0.5, 0.25].enumerated().map { index, loss in
        StepRecord(
          run: 3, step: index + 1, loss: loss, learningRate: 0.5, gradNorm: index == 0 ? nil : 2,
          seconds: 1.5, timestep: 250)
      },
      checkpoints: [
        CheckpointRecord(run: 3, step: 2, path: "dog/run-3/step-000002", sha256: "ab")
      ],
      samples: [SampleRecord(run: 3, step: 2, path: "dog/run-3/samples/step-000002.png")])
    return (log, run)
  }

  private func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
      .replacingOccurrences(of: fixture.root.path, with: "Checkpoints")
  }

  @Test("runs --json: an array with the documented fields")
  func summaries() throws {
    let (log, _) = try log()
    #expect(
      try text(log.summaries()) == """
        [{"dataset":"Datasets/dog","failure":null,"finished_at":null,"hosts":["\(CurrentProcess.host)"],"id":3,"loss":0.25,\
        "model":"demo","path":"Checkpoints/dog/run-3","peak_memory_bytes":3000000000,\
        "seconds_per_step":1.5,"started_at":"2023-11-14T22:13:20Z","status":"interrupted",\
        "step":3,"steps":10,"subject":"dog","updated_at":"2023-11-14T22:14:20Z",\
        "version":"0.1.0","world_size":1}]
        """)
  }

  @Test("show --json: the same object with config, losses, checkpoints and samples")
  func detail() throws {
    let (log, _) = try log()
    #expect(
      try text(log.detail(3)) == """
        {"checkpoints":[{"path":"Checkpoints/dog/run-3/step-000002","sha256":"ab","step":2}],\
        "config":{"full":true,"learning_rate":0.0001,"prompts":["a dog"],"rank":16,"seed":null},\
        "dataset":"Datasets/dog","exact":true,"failure":null,"finished_at":null,"hosts":["\(CurrentProcess.host)"],"id":3,"loss":0.25,\
        "losses":[\
        {"grad_norm":null,"learning_rate":0.5,"loss":0.5,"seconds":1.5,"step":1,"timestep":250},\
        {"grad_norm":2,"learning_rate":0.5,"loss":0.5,"seconds":1.5,"step":2,"timestep":250},\
        {"grad_norm":2,"learning_rate":0.5,"loss":0.25,"seconds":1.5,"step":3,"timestep":250}],\
        "model":"demo","path":"Checkpoints/dog/run-3","peak_memory_bytes":3000000000,\
        "resumptions":[],\
        "samples":[{"path":"Checkpoints/dog/run-3/samples/step-000002.png","step":2}],\
        "seconds_per_step":1.5,"started_at":"2023-11-14T22:13:20Z","status":"interrupted",\
        "step":3,"steps":10,"subject":"dog","updated_at":"2023-11-14T22:14:20Z",\
        "validation":[],"version":"0.1.0","world_size":1}
        """)
  }

  @Test("A step of several parameter groups has the learning rate of each")
  func learningRates() throws {
    let (log, _) = try log()
    let rates = ["unet": 0.5, "text_encoder": 0.25]
    try log.record(
      StepRecord(
        run: 3, step: 4, loss: 0.75, learningRate: 0.5, learningRates: rates, gradNorm: 2,
        seconds: 1, timestep: 5))
    #expect(try log.losses(3).map(\.learningRates) == [nil, nil, nil, rates])
    #expect(
      try text(log.detail(3)).contains(
        #""learning_rate":0.5,"learning_rates":{"text_encoder":0.25,"unet":0.5},"loss":0.75"#))
  }

  @Test("A step with class images has both parts of its loss")
  func priorLoss() throws {
    let (log, _) = try log()
    try log.record(
      StepRecord(
        run: 3, step: 4, loss: 0.75, learningRate: 1, gradNorm: 2, seconds: 1, timestep: 5,
        instanceLoss: 0.5, priorLoss: 0.25))
    #expect(try log.losses(3).last?.priorLoss == 0.25)
    #expect(
      try text(log.detail(3)).contains(
        #"{"grad_norm":2,"instance_loss":0.5,"learning_rate":1,"loss":0.75,"prior_loss":0.25,"#))
  }

  @Test("A run without steps has null for unknown values")
  func unknown() throws {
    let log = try fixture.open()
    _ = try log.beginExample()
    let json = try text(log.summaries())
    for field in ["loss", "seconds_per_step", "peak_memory_bytes"] {
      #expect(json.contains("\"\(field)\":null"))
    }
  }

  @Test("A resume has step, hash, version and time")
  func resumes() throws {
    let (log, _) = try log()
    _ = try log.resume(3, from: 2, sha256: "ab", version: "0.2.0")
    let json = try text(log.detail(3))
    #expect(json.contains(#""resumptions":[{"resumed_at":"20"#))
    #expect(json.contains(#""sha256":"ab","step":2,"version":"0.2.0"}]"#))
    #expect(json.contains(#""exact":true"#))
  }

  @Test("A resume that allowed a change lists it, and the run is no longer exact")
  func changes() throws {
    let (log, _) = try log()
    _ = try log.resume(3, from: 2, sha256: "ab", version: "0.2.0", changes: "seed: 1 -> 2")
    _ = try log.resume(3, from: 2, sha256: "ab", version: "0.2.0")
    let json = try text(log.detail(3))
    #expect(json.contains(#""resumptions":[{"changes":"seed: 1 -> 2","resumed_at":"20"#))
    #expect(json.contains(#""exact":false"#))
  }

  @Test("Seeds are exact up to the highest")
  func seeds() throws {
    let (log, run) = try log()
    var seeded = run
    seeded.config = #"{"negative":-1,"seed":18446744073709551615}"#
    try log.adopt(seeded)
    #expect(try text(log.detail(3)).contains(#""config":\#(seeded.config),"#))
  }

  @Test("A configuration that is not a JSON object is an error that names the run")
  func badConfig() throws {
    let (log, run) = try log()
    var broken = run
    broken.config = "rank: 16"
    try log.adopt(broken)
    let error = #expect(throws: RunLogError.self) { _ = try log.detail(3) }
    let message = "\(try #require(error))"
    #expect(message.hasPrefix("The configuration of run 3 in \(fixture.file.path) is not"))
    #expect(message.contains("found rank: 16"))
  }
}
