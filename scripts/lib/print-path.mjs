console.log(process.env.PATH ?? process.env.Path);
