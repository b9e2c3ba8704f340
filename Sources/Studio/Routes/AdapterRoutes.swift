import Foundation
import HTTPTypes
import Hummingbird
import RunLog
import Training
import Workspace

/// The interface for adapters: download, export and publication, and the processes that do the work.
extension Studio {
  func addAdapters(to router: Router<BasicRequestContext>) {
    router.get("/api/runs/:id/checkpoints/:step/adapter") { request, context in
      let id = try context.number("id", request)
      let step = try context.number("step", request)
      let (file, name) = try await blocking {
        let library = try RunLibrary(project)
        let run = try library.run(.number(id))
        let checkpoint = try library.checkpoint(Int(step), of: run).checkpoint
        return (checkpoint.adapter, "\(run.subject)-run\(id)-step\(step).safetensors")
      }
      return try await download(file, as: name, context)
    }
    router.post("/api/runs/:id/exports") { request, context in
      let id = try context.number("id", request)
      let order = try AdapterOrder(
        try await request.fields("step", "format", "precision"), run: id)
      return try await blocking {
        try Answer.json(try processes.start(order), status: .accepted)
      }
    }
    router.get("/api/exports/:name") { request, context in
      let name = try context.name("name", request)
      // The name is one of those in the folder, so that it leads nowhere else.
      guard try await blocking({ exportedFiles.contains(name) }) else {
        throw RequestError.noPage(request.uri.path)
      }
      return try await download(project.exports.appending(path: name), as: name, context)
    }
    router.post("/api/runs/:id/publications") { request, context in
      let id = try context.number("id", request)
      let order = try PublicationOrder(
        try await request.fields("step", "repository", "private", "license"), run: id)
      return try await blocking {
        try Answer.json(try processes.start(order), status: .accepted)
      }
    }
    router.get("/api/processes/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        guard let started = try processes.started(Int(id)) else {
          throw RequestError.noPage(request.uri.path)
        }
        return try Answer.json(started)
      }
    }
  }

  /// The names of the files in the folder of exports.
  private var exportedFiles: [String] {
    FileManager.default.subpaths(atPath: project.exports.path)?.filter {
      !$0.contains("/") && $0.hasSuffix(".safetensors") && !$0.hasPrefix(".")
    } ?? []
  }

  /// A file that is sent piece by piece, and that the browser saves.
  private func download(
    _ file: URL, as name: String, _ context: BasicRequestContext
  ) async throws -> Response {
    let plain = name.filter { $0.isASCII && $0 != "\"" && $0 != "\\" }
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/octet-stream", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(name.inPath)",
      ],
      body: try await FileIO().loadFile(path: file.path, context: context))
  }
}
