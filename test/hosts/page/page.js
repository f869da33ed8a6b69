document.title = 'The script ran';
