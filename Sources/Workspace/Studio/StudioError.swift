package import Files

/// A request to the studio that cannot be carried out.
package enum StudioError: ReportableError, Equatable {
  /// A text that is no JSON object.
  case notJSON
  /// A field that does not exist.
  case unknownField(String, nearest: String?)
  /// A field that is missing, or has another type of value.
  case otherType(String, allowed: String)
  /// A text that is too long, in bytes.
  case tooLong(String, limit: Int)
  /// More pictures than a job may have.
  case tooMany(Int, limit: Int)
  /// Nothing to draw.
  case noPrompt
  /// A model that is neither installed nor that of a run.
  case noModel(String, installed: [String])
  /// A file that is not in the folder of LoRA files.
  case noAdapter(String, folder: String)
  /// A file that is not in the folder of embeddings.
  case noEmbedding(String, folder: String)
  /// A subject that has no dataset.
  case noSubject(String, nearest: String?)
  /// A campaign that does not exist.
  case noCampaign(String)
  /// A campaign of this name exists.
  case campaignExists(String)
  /// A name that no campaign may have.
  case badName(String)
  /// A job that is continued on the page of its campaign.
  case campaignJob
  /// No picture is marked.
  case noStars
  /// A path that leads out of the project.
  case pathOutside(String, found: String)
  /// A picture that the gallery does not have.
  case noPicture(Int64)
  /// A job that does not exist.
  case noJob(Int64)
  /// A job that has ended.
  case jobEnded(Int64, status: String)
  /// As many jobs wait as may wait.
  case queueFull(limit: Int)
  /// Another process draws for the studio of this project.
  case busy(holder: String)
  /// Jobs draw, or wait to draw, on the GPU that a training needs.
  case drawing(job: Int64)
  /// A training runs on the GPU that another one needs.
  case training
  /// The server stops.
  case stopping

  package var kind: ErrorKind {
    switch self {
    case .notJSON, .unknownField, .otherType, .tooLong, .tooMany, .noPrompt, .pathOutside, .badName,
      .campaignExists, .campaignJob, .noStars:
      .usage
    case .noModel, .noAdapter, .noEmbedding, .noSubject, .noCampaign, .noPicture, .noJob:
      .missingInput
    case .jobEnded, .queueFull, .busy, .drawing, .training, .stopping: .busy
    }
  }

  package var description: String {
    switch self {
    case .notJSON:
      "The request is not a JSON object; send one such as {\"prompt\": \"a dog\"}."
    case .unknownField(let name, let nearest):
      "There is no field \(name)\(nearest.map { "; did you mean \($0)?" } ?? "; see the description of the interface.")"
    case .otherType(let name, let allowed):
      "The field \(name) must be \(allowed)."
    case .tooLong(let name, let limit):
      "The field \(name) has more than \(limit) bytes; write less."
    case .tooMany(let count, let limit):
      "The order describes \(count) pictures, over the limit of \(limit); order fewer at a time."
    case .noPrompt:
      "The prompt is empty; describe what to draw."
    case .noModel(let name, let installed):
      "There is no model \(name); "
        + (installed.isEmpty
          ? "install one with lora-train models pull."
          : "choose one of \(installed.joined(separator: ", ")).")
    case .noAdapter(let name, let folder):
      "There is no LoRA file \(name) in \(folder); put it there, or choose a run's checkpoint."
    case .noEmbedding(let name, let folder):
      "There is no embedding \(name) in \(folder); put its file there."
    case .noSubject(let name, let nearest):
      "There is no dataset \(name)"
        + (nearest.map { "; did you mean \($0)?" } ?? "; make it first.")
    case .noCampaign(let name):
      "There is no campaign \(name); make it first."
    case .campaignExists(let name):
      "There is a campaign \(name) already; open it, or choose another name."
    case .badName(let name):
      "\"\(name.excerpt())\" cannot be the name of a campaign; use letters, digits, spaces, -, _ and ., at most "
        + "64, and begin with a letter or a digit."
    case .campaignJob:
      "A campaign is continued on its own page; open it there."
    case .noStars:
      "No picture is starred yet; star the ones to export."
    case .pathOutside(let name, let found):
      "The field \(name) is \(found), but must be a path inside the project, without .. in it."
    case .noPicture(let id):
      "There is no picture \(id) in the gallery; choose another one."
    case .noJob(let id):
      "There is no job \(id); look at the list of jobs."
    case .jobEnded(let id, let status):
      "Job \(id) is \(status) already; there is nothing to cancel."
    case .queueFull(let limit):
      "\(limit) jobs wait already; wait until some are finished, or cancel some."
    case .busy(let holder):
      "Another studio draws for this project (\(holder)); use that one, or stop it first."
    case .drawing(let job):
      "Job \(job) draws on the GPU that the training needs; wait until no job is left, or cancel them."
    case .training:
      "A run is trained on the GPU already; wait for it, or stop it first."
    case .stopping:
      "The studio is stopping; start it again, then draw."
    }
  }
}
